/** What is being written about an order or a lead, kept until it is recorded. */
import { ref } from 'vue'
import type { FieldDraft, PhotoEntry } from '@/core/client'
import { core } from '@/stores/core'
import { useKept } from './kept'

/** `subject` names the order's round or the lead as soon as it is known. */
export function useFieldDraft(subject: () => string | undefined) {
  const text = ref('')
  const photos = ref<PhotoEntry[]>([])
  const passed = ref<boolean>()

  const { fault, recorded } = useKept<FieldDraft>({
    subject,
    read: (name) => core().fieldDraft(name),
    keep: (name, draft) => core().keepFieldDraft(name, draft),
    said: () => ({ text: text.value, photos: photos.value, ...(passed.value === undefined ? {} : { passed: passed.value }) }),
    take: (draft) => {
      text.value = draft.text
      photos.value = draft.photos
      passed.value = draft.passed
    },
    isUntouched: () => text.value === '' && photos.value.length === 0,
  })

  return { text, photos, passed, fault, recorded }
}
