/**
 * What a case is called on every screen: its target, else its place in words, else that nobody wrote one. A quick report at a
 * spot has neither, and its link still needs a name.
 */
import { text } from '@/messages'

export function casePlace(found: { target_name?: string | null; place?: string | null } | null | undefined): string {
  return found?.target_name || found?.place || text('cases.placeUnwritten')
}
