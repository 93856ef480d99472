import { describe, expect, it } from 'vitest'
import { remaining } from './deadline'

const NOW = new Date('2026-11-22T12:00:00Z')

describe('what remains until a deadline', () => {
  it.each([
    ['2026-11-25T13:00:00Z', { key: 'days', n: 3, urgent: false }],
    ['2026-11-23T12:00:00Z', { key: 'days', n: 1, urgent: true }],
    ['2026-11-22T14:59:00Z', { key: 'hours', n: 2, urgent: true }],
    ['2026-11-22T12:00:00Z', { key: 'hours', n: 0, urgent: true }],
    ['2026-11-22T11:59:00Z', { key: 'overdueHours', n: 0, urgent: true }],
    ['2026-11-20T11:00:00Z', { key: 'overdueDays', n: 2, urgent: true }],
  ])('of %s is %o', (deadline, expected) => {
    expect(remaining(deadline, NOW)).toEqual(expected)
  })
})
