/**
 * A visit that is being filled in. Every change is saved at once, one save after the other and always the newest state;
 * what the screen says to be saved is durable. Nothing here decides what a visit must hold.
 */
import { computed, ref, shallowRef, watch } from 'vue'
import type { CoreError, Draft, Visit } from '@/core/client'
import { asCoreError, core, writing } from '@/stores/core'

export const EMPTY_VISIT: Visit = { answers: [], measurements: [], photos: [] }

export function useDraft() {
  const draft = shallowRef<Draft | null>()
  const visit = ref<Visit>({ ...EMPTY_VISIT })
  const fault = shallowRef<CoreError>()
  const savedAt = ref<string>()
  const pending = ref(false)
  const saving = shallowRef<Promise<void>>()
  let ended = false

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

  async function save(): Promise<void> {
    writing.value += 1
    try {
      while (pending.value && !ended && draft.value) {
        pending.value = false
        const saved = await core().saveDraft(draft.value.inspection_id, plain(visit.value))
        savedAt.value = saved.saved_at
        fault.value = undefined
      }
    } catch (thrown) {
      // What is on the screen stays; the next change tries again.
      fault.value = asCoreError(thrown)
    } finally {
      writing.value -= 1
      saving.value = undefined
    }
  }

  watch(
    visit,
    (_, before) => {
      // What was just read is not a change.
      if (before !== visit.value) return
      changed()
    },
    { deep: true, flush: 'sync' },
  )

  function changed(): void {
    if (!draft.value || ended) return
    pending.value = true
    saving.value ??= save()
  }

  /** Resolves when all that was filled in is durable, or fails as the save did; what failed before is tried again. */
  async function saved(): Promise<void> {
    if (fault.value) changed()
    while (saving.value) await saving.value
    if (fault.value) throw fault.value
  }

  /** The draft was sealed or discarded: nothing is saved any more. */
  function end(): void {
    ended = true
  }

  const state = computed(() => (fault.value ? 'failed' : pending.value || saving.value !== undefined ? 'saving' : 'saved'))
  return { draft, visit, fault, savedAt, state, open, begin, saved, end }
}
