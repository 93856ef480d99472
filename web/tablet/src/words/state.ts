/** How states look. */
import type { ReviewState, SentState } from '@/core/client'

type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'primary'

export function stateTone(state: SentState['state']): Tone {
  return ({ waiting: 'warn', held: 'warn', sent: 'good', quarantined: 'bad', refused: 'bad' } as const)[state]
}

export function reviewTone(state: ReviewState): Tone {
  const tones = { awaiting_evidence: 'warn', under_review: 'primary', confirmed: 'good', returned: 'bad', dismissed: 'quiet', merged: 'quiet' } as const
  return tones[state]
}
