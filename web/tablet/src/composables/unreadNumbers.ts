/**
 * What was typed into the measured values of a draft and is no number, by their code. A visit holds numbers only, so the
 * texts are kept beside it until somebody corrects them: what is wrong is told, and never just gone.
 */
import { ref } from 'vue'
import type { FieldDraft } from '@/core/client'
import { core } from '@/stores/core'
import { useKept } from './kept'

export function useUnreadNumbers(inspectionId: string) {
  const texts = ref<Record<string, string>>({})
  const none = () => Object.keys(texts.value).length === 0

  const { fault, recorded } = useKept<FieldDraft>({
    subject: () => `numbers ${inspectionId}`,
    read: (subject) => core().fieldDraft(subject),
    keep: (subject, draft) => core().keepFieldDraft(subject, none() ? null : draft),
    said: () => ({ text: JSON.stringify(texts.value), photos: [] }),
    take: ({ text }) => (texts.value = JSON.parse(text) as Record<string, string>),
    isUntouched: none,
  })

  return { texts, fault, drop: recorded }
}
