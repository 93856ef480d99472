/**
 * Saves what is being filled in at every change: one save after the other and always the newest state. A save that fails
 * is told, and the next change tries again.
 */
import { computed, ref, shallowRef } from 'vue'
import type { CoreError } from '@/core/client'
import { asCoreError, writing } from '@/stores/core'

/** A frame that takes longer is not waited for, nor one of a page that is hidden and paints none. */
const PAINT_MILLISECONDS = 100

/** Resolves when the next frame is painted. */
export function painted(): Promise<void> {
  return new Promise((done) => {
    const late = setTimeout(done, PAINT_MILLISECONDS)
    requestAnimationFrame(() =>
      setTimeout(() => {
        clearTimeout(late)
        done()
      }),
    )
  })
}

/**
 * `save` writes the state of its time; what it resolved for is durable. `first` is waited for before a save, by a screen that
 * shows whether what is on it is saved.
 */
export function useSaving(save: () => Promise<void>, first?: () => Promise<void>) {
  const fault = shallowRef<CoreError>()
  const pending = ref(false)
  const saving = shallowRef<Promise<void>>()
  let ended = false

  async function run(): Promise<void> {
    writing.value += 1
    try {
      if (first) await first()
      while (pending.value && !ended) {
        pending.value = false
        await save()
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

  function changed(): void {
    if (ended) return
    pending.value = true
    saving.value ??= run()
  }

  /** Resolves when all that was filled in is durable, or fails as the save did; what failed before is tried again. */
  async function saved(): Promise<void> {
    if (fault.value) changed()
    while (saving.value) await saving.value
    if (fault.value) throw fault.value
  }

  /** Nothing is saved any more. Resolves when nothing is under way. */
  async function end(): Promise<void> {
    ended = true
    await saving.value
  }

  const state = computed(() => (fault.value ? 'failed' : pending.value || saving.value !== undefined ? 'saving' : 'saved'))
  return { fault, state, changed, saved, end }
}
