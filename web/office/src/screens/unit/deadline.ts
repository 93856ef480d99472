/** How long a unit still has, in words that fit a line. */
import { minutesBetween } from '@lantian/shared/time'

export interface Remaining {
  /** Which sentence of the messages says it. */
  key: 'days' | 'hours' | 'overdueDays' | 'overdueHours'
  n: number
  urgent: boolean
}

const HOUR_MINUTES = 60
const DAY_MINUTES = 24 * HOUR_MINUTES

export function remaining(deadline: string, now: Date = new Date()): Remaining {
  const minutes = minutesBetween(now, deadline)
  const late = minutes < 0
  const span = Math.abs(minutes)
  if (span >= DAY_MINUTES) {
    const n = Math.floor(span / DAY_MINUTES)
    return { key: late ? 'overdueDays' : 'days', n, urgent: late || n < 2 }
  }
  return { key: late ? 'overdueHours' : 'hours', n: Math.floor(span / HOUR_MINUTES), urgent: true }
}
