import { describe, expect, it } from 'vitest'
import type { Fix, Visit } from '@/core/client'
import { apart, isRecent, takesByItself } from './fix'

const AT = '2026-11-22T08:00:00Z'
const after = (minutes: number) => new Date(Date.parse(AT) + minutes * 60_000)
const fix: Fix = { point: { lon: 113.2, lat: 35.2 }, accuracy_metres: 12, fixed_at: AT, provider: 'browser', mock: 'unknown' }
const visit: Visit = { occurred_at: AT, answers: [], measurements: [], photos: [] }

describe('a fix', () => {
  it('is recent for five minutes', () => {
    expect([0, 5, 6].map((minutes) => isRecent(fix, after(minutes)))).toEqual([true, true, false])
    expect(isRecent(undefined, after(0))).toBe(false)
  })

  it('is taken by itself while the visit goes on, not when it is finished in the office', () => {
    expect([0, 10, 11, 240].map((minutes) => takesByItself({ replaces: null, visit }, after(minutes)))).toEqual([true, true, false, false])
  })

  it('is not taken by itself where there is one', () => {
    expect(takesByItself({ replaces: null, visit: { ...visit, fix } }, after(1))).toBe(false)
  })

  it('is never taken by itself in a correction', () => {
    expect(takesByItself({ replaces: 'some', visit }, after(1))).toBe(false)
  })

  it.each([
    [-31, 'after'],
    [-30, undefined],
    [0, undefined],
    [30, undefined],
    [31, 'before'],
  ])('of a visit %d minutes later was taken %s it', (minutes, said) => {
    expect(apart(fix, after(minutes).toISOString())).toBe(said)
  })
})
