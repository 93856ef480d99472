/** Whether the server answers. While it does not, its health is asked for until it does. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

const RETRY_MILLISECONDS = 3_000

export const useNetwork = defineStore('network', () => {
  const lost = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  function answered(did: boolean): void {
    lost.value = !did
    if (did) {
      clearTimeout(timer)
      timer = undefined
    } else {
      timer ??= setTimeout(() => void probe(), RETRY_MILLISECONDS)
    }
  }

  /** Asks whether the server answers, and remembers it. */
  async function probe(): Promise<boolean> {
    timer = undefined
    const healthy = await fetch('/healthz', { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    )
    answered(healthy)
    return healthy
  }

  return { lost, answered, probe }
})
