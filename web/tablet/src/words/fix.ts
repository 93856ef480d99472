/** Whether a fix is one of the visit: of its time, and so of its place. */
import type { Draft, Fix, Instant } from '@/core/client'

/** So long after a visit began it takes a fix by itself; later the tablet may be in the office. */
export const VISIT_FIX_MINUTES = 10
/** An older fix says where the tablet was. */
export const RECENT_FIX_MINUTES = 5
/** A fix taken longer before or after its visit is pointed out. */
export const APART_FIX_MINUTES = 30

const MINUTE_MILLISECONDS = 60_000

function isWithin(minutes: number, one: Date | Instant, other: Date | Instant): boolean {
  return Math.abs(new Date(other).getTime() - new Date(one).getTime()) <= minutes * MINUTE_MILLISECONDS
}

/** Whether it says where the tablet is. */
export function isRecent(fix: Fix | undefined, now: Date): fix is Fix {
  return fix !== undefined && isWithin(RECENT_FIX_MINUTES, fix.fixed_at, now)
}

/** Whether a draft takes a fix by itself: one without, while the visit goes on, and never a correction. */
export function takesByItself({ replaces, visit }: Pick<Draft, 'replaces' | 'visit'>, now: Date): boolean {
  return replaces === null && !visit.fix && visit.occurred_at !== undefined && isWithin(VISIT_FIX_MINUTES, visit.occurred_at, now)
}

/** Whether it was taken long before or after the visit; nothing where it was taken with it. */
export function apart(fix: Fix, occurredAt: Instant): 'before' | 'after' | undefined {
  if (isWithin(APART_FIX_MINUTES, fix.fixed_at, occurredAt)) return undefined
  return new Date(fix.fixed_at) < new Date(occurredAt) ? 'before' : 'after'
}
