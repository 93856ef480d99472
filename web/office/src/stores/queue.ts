/**
 * The list that a supervisor is working through, as what was asked of the server: so the next case opens by itself over
 * every page of it, and going back finds the same page. It is kept for this tab, over a reload too.
 */
import { defineStore } from 'pinia'
import { ref } from 'vue'

const KEPT = 'lantian.queue'

interface Queue {
  /** The address of the list, with its filters and page. */
  address: string
  /** Filters and order of its cases, where the server knows what comes before and after each. */
  asked?: Record<string, string> | undefined
  /** The cases of its page, where the list has an order of its own. */
  cases?: string[] | undefined
}

function kept(): Queue {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? '') as Queue
  } catch {
    return { address: '/queue' }
  }
}

export const useQueue = defineStore('queue', () => {
  const queue = ref(kept())

  function take(taken: Queue): void {
    queue.value = taken
    sessionStorage.setItem(KEPT, JSON.stringify(queue.value))
  }

  return { queue, take }
})
