import { describe, expect, it } from 'vitest'
import { addDays, addMonths, day, lastDay, minute, minutesBetween, month, second, shortMinute } from './time'

describe('times of record', () => {
  it('are those of Asia/Shanghai, whatever the machine says', () => {
    expect(minute('2026-11-22T16:30:05Z')).toBe('2026-11-23 00:30')
    expect(second('2026-11-22T16:30:05Z')).toBe('2026-11-23 00:30:05')
  })
  it('leave the year out only while it is this one, as Asia/Shanghai has it', () => {
    const now = new Date('2026-12-31T16:30:00Z')
    expect(shortMinute('2027-01-01T00:00:00Z', now)).toBe('01-01 08:00')
    expect(shortMinute('2026-12-31T15:00:00Z', now)).toBe('2026-12-31 23:00')
  })
  it('change the month at midnight there', () => {
    expect(month('2026-10-31T15:59:59Z')).toBe('2026-10')
    expect(month('2026-10-31T16:00:00Z')).toBe('2026-11')
    expect(day('2026-10-31T16:00:00Z')).toBe('2026-11-01')
  })
  it('count days and months over their ends', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addMonths('2026-01', -1)).toBe('2025-12')
    expect(lastDay('2028-02')).toBe('2028-02-29')
  })
  it('tell how long something took', () => {
    expect(minutesBetween('2026-11-22T10:00:00Z', '2026-11-22T11:30:30Z')).toBe(90)
    expect(minutesBetween('2026-11-22T11:00:00Z', '2026-11-22T10:30:00Z')).toBe(-30)
  })
})
