/** Who is enrolled on this tablet and who is unlocked. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { DeviceState } from '@/core/client'
import { core } from './core'

export const usePeople = defineStore('people', () => {
  const device = shallowRef<DeviceState>()

  async function look(): Promise<void> {
    device.value = await core().device()
  }

  /** Looks once and whenever the device says that it changed. Resolves when somebody can be asked for the PIN. */
  async function watch(): Promise<void> {
    core().on('device', () => void look())
    const looked = look()
    const known = await core().atOnce()
    if (known === null) await looked
    else device.value ??= known
  }

  const unlocked = computed(() => device.value?.phase === 'unlocked')
  const user = computed(() => device.value?.users.find(({ user_id }) => user_id === device.value?.user_id))
  const colleagues = computed(
    () => device.value?.users.filter(({ user_id }) => user_id !== device.value?.user_id) ?? [],
  )
  return { device, look, watch, unlocked, user, colleagues }
})
