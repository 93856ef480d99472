/**
 * A visit that is being filled in. Every change is saved as soon as it is painted; what the screen says to be saved is
 * durable. Nothing here decides what a visit must hold.
 */
import { ref, shallowRef, watch } from 'vue'
import type { Draft, Visit } from '@/core/client'
import { asCoreError, core } from '@/stores/core'
import { painted, useSaving } from './saving'

export const EMPTY_VISIT: Visit = { answers: [], measurements: [], photos: [] }

export function useDraft() {
  const draft = shallowRef<Draft | null>()
  const visit = ref<Visit>({ ...EMPTY_VISIT })
  const savedAt = ref<string>()
  const { fault, state, changed, saved, end } = useSaving(async () => {
    if (!draft.value) return
    savedAt.value = (await core().saveDraft(draft.value.inspection_id, plain(visit.value))).saved_at
  }, painted)

  function take(found: Draft): void {
    draft.value = found
    visit.value = structuredClone(found.visit)
    savedAt.value = found.saved_at
  }

  async function open(id: string): Promise<void> {
    try {
      const found = await core().draft(id)
      if (found) take(found)
      else draft.value = null
    } catch (thrown) {
      fault.value = asCoreError(thrown)
    }
  }

  /** Makes the draft of what is filled in so far; again does nothing. */
  async function begin(): Promise<void> {
    if (draft.value) return
    const begun = await core().beginDraft(plain(visit.value))
    draft.value = begun
    savedAt.value = begun.saved_at
  }

  function plain(some: Visit): Visit {
    return JSON.parse(JSON.stringify(some)) as Visit
  }

  watch(
    visit,
    (_, before) => {
      // What was just read is not a change.
      if (before !== visit.value || !draft.value) return
      changed()
    },
    { deep: true, flush: 'sync' },
  )

  return { draft, visit, fault, savedAt, state, open, begin, saved, end }
}
