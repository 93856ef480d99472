/** What became of an own inspection, in the words of whoever returned or refused it. */
import type { OwnInspection } from '@/core/client'
import { named } from '@/messages'

/** Why it came back; nothing where it did not. */
export function reasonOf(own: OwnInspection): string {
  if (own.state === 'refused') return named(own)
  const back = own.cases.filter(({ review_state }) => review_state === 'returned' || review_state === 'dismissed')
  return back.flatMap(({ reason }) => (reason === null ? [] : [reason])).join('；')
}

/** Whether the inspector has something to do about it. */
export function cameBack(own: OwnInspection): boolean {
  if (own.replaced_by !== null) return false
  return own.state === 'refused' || own.cases.some(({ review_state }) => review_state === 'returned') || own.photos.refused.length > 0
}

/** Whether the server has all of it. */
export function delivered(own: OwnInspection): boolean {
  return own.state === 'sent' && own.photos.waiting === 0
}
