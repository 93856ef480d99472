/**
 * A visit that is being filled in. Every change is saved as soon as it is painted; what the screen says to be saved is
 * durable. Nothing here decides what a visit must hold.
 */
import { ref, shallowRef, watch } from 'vue'
import type { Draft, Visit } from '@/core/client'
import { asCoreError, core } from '@/stores/core'
import { painted, useSaving } from './saving'

/** With lists of its own: what one visit is filled in with must not be in the next. */
export const emptyVisit = (): Visit => ({ answers: [], measurements: [], photos: [] })

/** `mark`: what is kept beside a new draft, before there is one. */
export function useDraft(mark?: (id: string) => Promise<void>) {
  const draft = shallowRef<Draft | null>()
  /** The new one that the next save makes. */
  let begun: string | undefined
  const visit = ref<Visit>(emptyVisit())
  const savedAt = ref<string>()
  const { fault, state, changed, saved, end } = useSaving(async () => {
    const id = draft.value?.inspection_id ?? begun
    if (id === undefined) return
    if (!draft.value) await mark?.(id)
    const kept = await core().saveDraft(id, plain(visit.value))
    draft.value ??= kept
    savedAt.value = kept.saved_at
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

  /** Makes the draft of what is filled in so far, under this id; again does nothing. */
  function begin(id: string): void {
    if (draft.value || begun !== undefined) return
    begun = id
    changed()
  }

  function plain(some: Visit): Visit {
    return JSON.parse(JSON.stringify(some)) as Visit
  }

  watch(
    visit,
    (_, before) => {
      // What was just read is not a change.
      if (before !== visit.value || (!draft.value && begun === undefined)) return
      changed()
    },
    { deep: true, flush: 'sync' },
  )

  return { draft, visit, fault, savedAt, state, open, begin, saved, end }
}
