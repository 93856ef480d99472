/**
 * A write that a person starts: running once at a time, with its fault to show, and with the request id that makes a
 * repetition harmless.
 */
import { Intention } from '@lantian/shared/ids'
import { ref, type Ref } from 'vue'

export interface Action<Content> {
  running: Ref<boolean>
  fault: Ref<unknown>
  /** Whether it was done. A fault is kept for the screen to show; what was typed stays. */
  run(content: Content): Promise<boolean>
  clear(): void
}

export function useAction<Content>(
  perform: (content: Content, requestId: string) => Promise<unknown>,
): Action<Content> {
  const running = ref(false)
  const fault = ref<unknown>()
  const intention = new Intention()

  async function run(content: Content): Promise<boolean> {
    if (running.value) return false
    running.value = true
    fault.value = undefined
    try {
      await perform(content, intention.idFor(content))
      intention.done()
      return true
    } catch (error) {
      fault.value = error
      return false
    } finally {
      running.value = false
    }
  }

  function clear(): void {
    fault.value = undefined
  }

  return { running, fault, run, clear }
}
