/** How the unlocked user's work stands. It only repeats what the core says. */
import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import type { SyncState } from '@/core/client'
import { syncTone, syncWord } from '@/words/sync'
import { asCoreError, core } from './core'
import { usePeople } from './people'

/** Rounds that begin by themselves while somebody is unlocked. */
const ROUND_MILLISECONDS = 60_000

export const useSync = defineStore('sync', () => {
  const people = usePeople()
  const state = shallowRef<SyncState>()
  const word = computed(() => (state.value ? syncWord(state.value) : 'never'))
  const tone = computed(() => syncTone(word.value))

  /** Asks how things stand; nothing is known while nobody is unlocked. */
  async function look(): Promise<void> {
    try {
      state.value = people.unlocked ? await core().syncState() : undefined
    } catch (thrown) {
      // Locked in between: by another tab, or because the tab that held the keys was closed.
      if (asCoreError(thrown).code === 'locked') state.value = undefined
    }
  }

  /** A round; what failed is in the state. */
  async function round(): Promise<void> {
    if (!people.unlocked) return
    try {
      state.value = await core().sync()
    } catch {
      // Locked meanwhile, or the worker was started again: the state says how things stand.
      await look()
    }
  }

  function watchAll(): void {
    core().on('sync', () => void look())
    watch(
      () => people.device?.user_id,
      () => void look(),
      { immediate: true },
    )
    addEventListener('online', () => void round())
    setInterval(() => {
      if (navigator.onLine) void round()
    }, ROUND_MILLISECONDS)
  }

  return { state, word, tone, look, round, watch: watchAll }
})
