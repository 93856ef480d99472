import { describe, expect, it } from 'vitest'
import { typedNumber } from './number'

describe('a typed number', () => {
  it.each([
    ['12', 12],
    [' 1.5 ', 1.5],
    ['1,5', 1.5],
    ['1，25', 1.25],
    ['１２．５', 12.5],
    ['3。5', 3.5],
    ['-4', -4],
    ['.5', 0.5],
    ['12.', 12],
    ['1.200', 1.2],
    ['1,2000', 1.2],
    ['1200', 1_200],
  ])('%s is %d', (typed, number) => expect(typedNumber(typed)).toBe(number))

  it.each(['', '  '])('is nothing where nothing was typed: "%s"', (typed) => expect(typedNumber(typed)).toBeUndefined())

  it.each(['1,200', '1，200', '-12,000', '0,125'])('%s might be thousands, and is wrong', (typed) => {
    expect(typedNumber(typed)).toBe('wrong')
  })

  it.each(['约30', '1.2.3', '1,2,3', '1,200.5', '12 mg', '0x10', '1e3', 'Infinity', '-', '.'])('%s is wrong', (typed) => {
    expect(typedNumber(typed)).toBe('wrong')
  })
})
