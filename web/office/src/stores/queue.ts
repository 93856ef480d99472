/** The list that a supervisor is working through: the next case opens by itself, and going back finds the same page. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

export const useQueue = defineStore('queue', () => {
  const ids = ref<string[]>([])
  /** The address of the list, with its filters and page. */
  const address = ref('/queue')

  function take(cases: readonly string[], from: string): void {
    ids.value = [...cases]
    address.value = from
  }

  function around(id: string) {
    const at = ids.value.indexOf(id)
    return { at, of: ids.value.length, next: at < 0 ? undefined : ids.value[at + 1], previous: ids.value[at - 1] }
  }

  /** A decided case leaves the list; what stood behind it is next. */
  function leave(id: string): string | undefined {
    const { next } = around(id)
    ids.value = ids.value.filter((other) => other !== id)
    return next
  }

  return { ids: computed(() => ids.value), address, take, around, leave }
})
