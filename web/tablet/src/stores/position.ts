/**
 * Where the tablet is, while somebody is unlocked. A browser does not say whether a position is mocked or what receiver
 * it came from, so it is recorded as `unknown` and `browser`.
 */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Fix } from '@/core/client'

export type PositionState = 'searching' | 'found' | 'denied' | 'unavailable'

/** Beyond it a fix is said to be coarse. */
export const COARSE_METRES = 50

const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 }
/**
 * When somebody asks by hand and stands waiting. What the watch heard a moment ago will do: a receiver that does not move
 * says nothing new.
 */
const BY_HAND: PositionOptions = { enableHighAccuracy: true, maximumAge: 2_000, timeout: 10_000 }

export const usePosition = defineStore('position', () => {
  const state = ref<PositionState>('searching')
  const fix = shallowRef<Fix>()
  /** Somebody asked by hand and there is no answer yet. */
  const asking = ref(false)
  let watched: number | undefined

  function heard({ coords, timestamp }: GeolocationPosition): void {
    state.value = 'found'
    fix.value = {
      point: { lon: coords.longitude, lat: coords.latitude },
      accuracy_metres: coords.accuracy,
      fixed_at: new Date(timestamp).toISOString(),
      provider: 'browser',
      mock: 'unknown',
    }
  }

  function failed({ code, PERMISSION_DENIED }: GeolocationPositionError): void {
    // An old fix is worse than none only when it is shown as a new one; its time stands beside it.
    state.value = code === PERMISSION_DENIED ? 'denied' : fix.value ? 'found' : 'unavailable'
  }

  function begin(): void {
    if (watched !== undefined) return
    if (!('geolocation' in navigator)) {
      state.value = 'unavailable'
      return
    }
    watched = navigator.geolocation.watchPosition(heard, failed, OPTIONS)
  }

  function end(): void {
    if (watched !== undefined) navigator.geolocation.clearWatch(watched)
    watched = undefined
    fix.value = undefined
    state.value = 'searching'
  }

  /** Asks anew; resolves with what is known then. */
  function again(): Promise<Fix | undefined> {
    return new Promise<Fix | undefined>((done) => {
      if (!('geolocation' in navigator)) return done(undefined)
      asking.value = true
      navigator.geolocation.getCurrentPosition(
        (position) => {
          heard(position)
          done(fix.value)
        },
        (error) => {
          failed(error)
          done(fix.value)
        },
        BY_HAND,
      )
    }).finally(() => (asking.value = false))
  }

  const point = computed(() => fix.value?.point)
  return { state, fix, point, asking, begin, end, again }
})
