/** When something was, or is due, as a message key and its values. Days are those of the zone of record. */
import { day, minute, minutesBetween, shortMinute } from '@lantian/shared/time'

/** A message with its values. */
export interface Said {
  key: string
  values: Record<string, string | number>
}

const MINUTES_OF_HOUR = 60
const MINUTES_OF_DAY = 1_440

/** Whole days of the calendar from one instant to another. */
function daysBetween(from: string | Date, to: string | Date): number {
  return Math.round((Date.parse(`${day(to)}T00:00:00Z`) - Date.parse(`${day(from)}T00:00:00Z`)) / 86_400_000)
}

/** How long ago; beyond a day, the day and the minute. */
export function ago(at: string, now: Date): Said {
  const minutes = minutesBetween(at, now)
  // A clock that was set back meanwhile must not say "in three hours".
  if (minutes < 1) return { key: 'time.now', values: {} }
  if (minutes < MINUTES_OF_HOUR) return { key: 'time.minutesAgo', values: { n: minutes } }
  if (minutes < MINUTES_OF_DAY) return { key: 'time.hoursAgo', values: { n: Math.floor(minutes / MINUTES_OF_HOUR) } }
  return { key: 'time.at', values: { at: day(at).slice(0, 4) === day(now).slice(0, 4) ? shortMinute(at) : minute(at) } }
}

/** How long until a deadline, and whether it presses. */
export function due(deadline: string | null, now: Date): Said & { presses: 'no' | 'soon' | 'overdue' } {
  if (deadline === null) return { key: 'time.noDeadline', values: {}, presses: 'no' }
  const days = daysBetween(now, deadline)
  if (new Date(deadline) <= now) {
    const late = Math.abs(days)
    const said: Said = late === 0 ? { key: 'time.overdueToday', values: {} } : { key: 'time.overdueDays', values: { n: late } }
    return { ...said, presses: 'overdue' }
  }
  if (days === 0) return { key: 'time.dueToday', values: { at: minute(deadline).slice(-5) }, presses: 'soon' }
  if (days === 1) return { key: 'time.dueTomorrow', values: { at: minute(deadline).slice(-5) }, presses: 'soon' }
  return { key: 'time.dueDays', values: { n: days }, presses: 'no' }
}
