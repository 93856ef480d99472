import { describe, expect, it } from 'vitest'
import { daysOf, percent, spanOf } from './span'

describe('a span of days', () => {
  it.each([
    ['today', '2026-11-22', '2026-11-22'],
    ['week', '2026-11-16', '2026-11-22'],
    ['month', '2026-11-01', '2026-11-22'],
    ['quarter', '2026-08-25', '2026-11-22'],
  ] as const)('%s begins on %s', (name, from, to) => {
    expect(spanOf(name, '2026-11-22')).toEqual({ from, to })
  })
  it('has every day, over the end of a month', () => {
    expect(daysOf({ from: '2026-02-27', to: '2026-03-01' })).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
  })
})

describe('shares', () => {
  it('are percentages of basis points', () => {
    expect(percent(8_333)).toBe('83.3%')
    expect(percent(0)).toBe('0.0%')
  })
  it('are not made up where nothing was due', () => expect(percent(null)).toBe('—'))
})
