/**
 * Times of record (Asia/Shanghai), whatever the zone of the machine. Instants are RFC 3339 in UTC as the API has them;
 * days are `YYYY-MM-DD` and months `YYYY-MM`.
 */

const ZONE = 'Asia/Shanghai'

const PARTS = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'

function parts(instant: string | Date): Record<Part, string> {
  const found = { year: '', month: '', day: '', hour: '', minute: '', second: '' }
  for (const { type, value } of PARTS.formatToParts(new Date(instant))) {
    if (type in found) found[type as Part] = value
  }
  return found
}

/** `2026-11-22`. */
export function day(instant: string | Date): string {
  const at = parts(instant)
  return `${at.year}-${at.month}-${at.day}`
}

/** `2026-11`. */
export function month(instant: string | Date): string {
  return day(instant).slice(0, 7)
}

/** `2026-11-22 19:46`. */
export function minute(instant: string | Date): string {
  const at = parts(instant)
  return `${day(instant)} ${at.hour}:${at.minute}`
}

/** `2026-11-22 19:46:05`. */
export function second(instant: string | Date): string {
  return `${minute(instant)}:${parts(instant).second}`
}

/** `11-22 19:46` in the year of `now`, `2025-11-22 19:46` in any other. */
export function shortMinute(instant: string | Date, now: Date = new Date()): string {
  const whole = minute(instant)
  return whole.slice(0, 4) === parts(now).year ? whole.slice(5) : whole
}

/** The day that lies `days` after one, or before it. */
export function addDays(from: string, days: number): string {
  const at = new Date(`${from}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

/** The month that lies `months` after one, or before it. */
export function addMonths(from: string, months: number): string {
  const [year = 0, number = 1] = from.split('-').map(Number)
  const at = new Date(Date.UTC(year, number - 1 + months, 1))
  return at.toISOString().slice(0, 7)
}

/** The last day of a month. */
export function lastDay(of: string): string {
  return addDays(`${addMonths(of, 1)}-01`, -1)
}

/** Whole minutes from one instant to another; negative where the other lies before. */
export function minutesBetween(from: string | Date, to: string | Date): number {
  return Math.trunc((new Date(to).getTime() - new Date(from).getTime()) / 60_000)
}
