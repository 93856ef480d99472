/**
 * What is being written about an order or a lead: kept at every change until it is recorded, so that a restart of the tablet
 * costs nothing of it.
 */
import { ref, watch } from 'vue'
import type { FieldDraft, PhotoEntry } from '@/core/client'
import { asCoreError, core } from '@/stores/core'
import { useSaving } from './saving'

/** `subject` names the order's round or the lead as soon as it is known. */
export function useFieldDraft(subject: () => string | undefined) {
  const text = ref('')
  const photos = ref<PhotoEntry[]>([])
  const passed = ref<boolean>()
  /** What is kept under which name; nothing is, before it was looked whether there is something. */
  let about: string | undefined

  const { fault, changed, end } = useSaving(() => (about === undefined ? Promise.resolve() : core().keepFieldDraft(about, draft())))

  function draft(): FieldDraft {
    // A plain copy: a worker takes no reactive one.
    return JSON.parse(JSON.stringify({ text: text.value, photos: photos.value, passed: passed.value })) as FieldDraft
  }

  watch(
    subject,
    async (name) => {
      if (name === undefined || name === about) return
      try {
        const found = await core().fieldDraft(name)
        if (found && text.value === '' && photos.value.length === 0) {
          text.value = found.text
          photos.value = found.photos
          passed.value = found.passed
        }
        about = name
      } catch (thrown) {
        fault.value = asCoreError(thrown)
      }
    },
    { immediate: true },
  )
  watch([text, photos, passed], () => about !== undefined && changed(), { deep: true, flush: 'sync' })

  /** It was recorded: nothing is kept any more. */
  async function recorded(): Promise<void> {
    await end()
    if (about !== undefined) await core().keepFieldDraft(about, null)
  }

  return { text, photos, passed, fault, recorded }
}
