import { describe, expect, it } from 'vitest'
import { inWords, parseYuan, wan, yuan } from './money'

describe('money', () => {
  it.each([
    [0, '0.00'],
    [5, '0.05'],
    [1_234_567, '12,345.67'],
    [-10_000_000, '−100,000.00'],
  ])('shows %i fen as %s yuan', (fen, text) => expect(yuan(fen)).toBe(text))

  it.each([
    [0, '0.00'],
    [12_345_678, '12.35'],
    [1_000_000_000, '1,000.00'],
    [-995_000, '−1.00'],
  ])('sums %i fen up as %s wan yuan', (fen, text) => expect(wan(fen)).toBe(text))

  it.each([
    [0, '零元整'],
    [10_000_000, '壹拾万元整'],
    [100_050_000, '壹佰万零伍佰元整'],
    [10_000_100_000, '壹亿零壹仟元整'],
    [170_600, '壹仟柒佰零陆元整'],
    [16_409_02, '壹万陆仟肆佰零玖元零贰分'],
    [325_04, '叁佰贰拾伍元零肆分'],
    [1_010, '壹拾元壹角整'],
    [7, '柒分'],
    [-5_000_000, '负伍万元整'],
  ])('writes %i fen as %s', (fen, words) => expect(inWords(fen)).toBe(words))

  it.each([
    ['100,000', 10_000_000],
    ['0.5', 50],
    ['−12.34', -1_234],
    [' 8 ', 800],
  ])('reads "%s" as %i fen', (text, fen) => expect(parseYuan(text)).toBe(fen))

  it.each(['', '1.234', '十万', '1e5', '--1', '1.', '9999999999999'])('refuses "%s"', (text) =>
    expect(parseYuan(text)).toBeUndefined(),
  )
})
