import { describe, expect, it } from 'vitest'
import { minutesLeft, stepsOf, type Round } from './loop'

const CASE = { review_state: 'confirmed' as const, unit_id: 'a' }

function round(changes: Partial<Round>): Round {
  return { state: 'assigned', unit_id: 'a', extensions: 0, deadline: '2026-11-22T10:00:00Z', ...changes } as Round
}

describe('the closed loop', () => {
  it('begins with an order, on a case that stands', () => {
    expect(stepsOf(CASE, undefined)).toEqual(['order_rectification'])
    expect(stepsOf({ ...CASE, review_state: 'dismissed' }, undefined)).toEqual([])
  })
  it('is extended at most twice a round', () => {
    expect(stepsOf(CASE, round({ extensions: 1 }))).toContain('extend_deadline')
    expect(stepsOf(CASE, round({ extensions: 2 }))).toEqual(['pause_rectification'])
  })
  it('is re-checked only after a report, and closed only after that', () => {
    expect(stepsOf(CASE, round({}))).not.toContain('verify_rectification')
    expect(stepsOf(CASE, round({ state: 'rectified' }))).toContain('verify_rectification')
    expect(stepsOf(CASE, round({ state: 'verified' }))).toEqual(['close_rectification'])
    expect(stepsOf(CASE, round({ state: 'closed' }))).toEqual([])
  })
  it('is ordered anew when another unit answers for the case', () => {
    expect(stepsOf(CASE, round({ unit_id: 'b' }))).toContain('order_rectification')
  })
  it('counts time only while the unit has it', () => {
    expect(minutesLeft(round({}), new Date('2026-11-22T09:30:00Z'))).toBe(30)
    expect(minutesLeft(round({}), new Date('2026-11-22T11:00:00Z'))).toBe(-60)
    expect(minutesLeft(round({ state: 'paused' }), new Date('2026-11-22T09:30:00Z'))).toBeUndefined()
  })
})
