/** What is true of the sync in one word, from its numbers: never "done" while something waits or was refused. */
import type { SyncState } from '@/core/client'

export type SyncWord = 'sending' | 'refused' | 'waiting' | 'photosWaiting' | 'unjudged' | 'sent' | 'never'

/** The most pressing word. What runs comes first, since it may change all others. */
export function syncWord(state: SyncState): SyncWord {
  if (state.running) return 'sending'
  if (state.refused > 0 || state.photos_refused > 0 || state.quarantined > 0) return 'refused'
  if (state.waiting + state.held > 0) return 'waiting'
  if (state.photos_waiting > 0) return 'photosWaiting'
  if (state.photos_unjudged > 0) return 'unjudged'
  return state.last_success === null ? 'never' : 'sent'
}

/** How a word looks. */
export function syncTone(word: SyncWord): 'good' | 'warn' | 'bad' | 'quiet' {
  if (word === 'refused') return 'bad'
  if (word === 'waiting' || word === 'photosWaiting' || word === 'never') return 'warn'
  return word === 'sent' ? 'good' : 'quiet'
}
