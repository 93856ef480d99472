/** The core that all screens call: one, opened before the first screen is shown. Nothing else reaches the databases. */
import type { Core } from '@/core/client'
import { onBeforeUnmount, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { CoreError, type Topic } from '@/core/client'

let current: Core | undefined

export function provideCore(core: Core): void {
  current = core
}

export function core(): Core {
  if (current === undefined) throw new CoreError('unsupported')
  return current
}

/** Whatever was thrown, as the failure of a call. */
export function asCoreError(thrown: unknown): CoreError {
  if (thrown instanceof CoreError) return thrown
  return new CoreError('internal', [], thrown instanceof Error ? thrown.message : String(thrown))
}

export interface Asked<T> {
  data: ShallowRef<T | undefined>
  fault: ShallowRef<CoreError | undefined>
  loading: Ref<boolean>
  again: () => Promise<void>
}

/**
 * Asks the core, and again whenever one of the topics changed. What was shown stays until the new answer is there; of
 * answers that overtake each other the last question's counts.
 */
export function useAsked<T>(topics: readonly Topic[], ask: () => Promise<T>): Asked<T> {
  const data = shallowRef<T>()
  const fault = shallowRef<CoreError>()
  const loading = ref(true)
  let asked = 0
  async function again(): Promise<void> {
    const mine = ++asked
    loading.value = true
    try {
      const answer = await ask()
      if (mine !== asked) return
      data.value = answer
      fault.value = undefined
    } catch (thrown) {
      if (mine === asked) fault.value = asCoreError(thrown)
    } finally {
      if (mine === asked) loading.value = false
    }
  }
  const stops = topics.map((topic) => core().on(topic, () => void again()))
  onBeforeUnmount(() => stops.forEach((stop) => stop()))
  void again()
  return { data, fault, loading, again }
}

/** Writes that run now; an update of the app waits for them (see `appUpdate.ts`). */
export const writing = ref(0)

export interface Doing<Given extends unknown[], T> {
  busy: Ref<boolean>
  fault: ShallowRef<CoreError | undefined>
  /** The answer, or nothing where it failed or one runs already. */
  run: (...given: Given) => Promise<T | undefined>
}

/** A write of a button: once at a time, its failure to be shown beside the button. */
export function useDoing<Given extends unknown[], T>(act: (...given: Given) => Promise<T>): Doing<Given, T> {
  const busy = ref(false)
  const fault = shallowRef<CoreError>()
  async function run(...given: Given): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    writing.value += 1
    fault.value = undefined
    try {
      return await act(...given)
    } catch (thrown) {
      fault.value = asCoreError(thrown)
      return undefined
    } finally {
      busy.value = false
      writing.value -= 1
    }
  }
  return { busy, fault, run }
}
