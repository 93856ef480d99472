/** Spans of days that an overview is asked for, in the zone of record; both days are included. */
import { addDays, day } from '@lantian/shared/time'

export const SPANS = ['today', 'week', 'month', 'quarter'] as const
export type SpanName = (typeof SPANS)[number]

export interface Span {
  from: string
  to: string
}

export function spanOf(name: SpanName, today = day(new Date())): Span {
  switch (name) {
    case 'today':
      return { from: today, to: today }
    case 'week':
      return { from: addDays(today, -6), to: today }
    case 'month':
      return { from: `${today.slice(0, 7)}-01`, to: today }
    case 'quarter':
      return { from: addDays(today, -89), to: today }
  }
}

/** Every day of a span. */
export function daysOf({ from, to }: Span): string[] {
  const days: string[] = []
  for (let at = from; at <= to; at = addDays(at, 1)) days.push(at)
  return days
}

/** Basis points as a percentage with one place; nothing where there is nothing to compare. */
export function percent(basisPoints: number | null | undefined): string {
  return basisPoints == null ? '—' : `${(basisPoints / 100).toFixed(1)}%`
}
