/** What is true of the sync in one word, from its numbers: never "done" while something waits or was refused. */
import type { LogLine, SyncState } from '@/core/client'

export type SyncWord = 'sending' | 'refused' | 'refusedWaiting' | 'waiting' | 'photosWaiting' | 'unjudged' | 'sent' | 'never'

/** The most pressing word. What is sent right now comes first, since it may change all others. */
export function syncWord(state: SyncState): SyncWord {
  if (isSending(state)) return 'sending'
  if (state.refused > 0 || state.photos_refused > 0 || state.quarantined > 0) return unsent(state) > 0 ? 'refusedWaiting' : 'refused'
  if (state.waiting + state.held > 0) return 'waiting'
  if (state.photos_waiting > 0) return 'photosWaiting'
  if (state.photos_unjudged > 0) return 'unjudged'
  return state.last_success === null ? 'never' : 'sent'
}

/** Whether the round that runs has something to send and sends it: it also asks for access and fetches the register. */
function isSending({ doing, waiting, held, photos_waiting }: SyncState): boolean {
  return doing === 'push' ? waiting + held > 0 : doing === 'photos' && photos_waiting > 0
}

/** How much waits: photos, where no record does. */
export function unsent({ waiting, held, photos_waiting }: SyncState): number {
  return waiting + held || photos_waiting
}

/** How a word looks. */
export function syncTone(word: SyncWord): 'good' | 'warn' | 'bad' | 'quiet' {
  if (word === 'refused' || word === 'refusedWaiting') return 'bad'
  if (word === 'waiting' || word === 'photosWaiting' || word === 'never') return 'warn'
  return word === 'sent' ? 'good' : 'quiet'
}

/** Refused operations that have no line among the own inspections: targets, and records about orders and leads. */
export function refusedApart(log: readonly LogLine[]): LogLine[] {
  return log.filter(({ kind, state }) => state === 'refused' && kind !== 'submit_inspection' && kind !== 'amend_inspection')
}
