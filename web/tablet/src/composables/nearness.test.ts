import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, h, nextTick, shallowRef, type App, type ShallowRef } from 'vue'
import type { Fix } from '@/core/client'
import { usePosition } from '@/stores/position'
import { hasMoved, MOVED_METRES, RESTING_MILLISECONDS, useSteadyPoint, useUntouched } from './nearness'

const HERE = { lon: 113.3, lat: 35.25 }
const DEGREE_METRES = 111_195

/** A fix so many metres north of here. */
const fix = (metres: number, accuracy_metres = 8): Fix => ({
  point: { ...HERE, lat: HERE.lat + metres / DEGREE_METRES },
  accuracy_metres,
  fixed_at: '2026-11-23T00:00:00Z',
  provider: 'browser',
  mock: 'unknown',
})

let app: App
/** What a screen has that uses it. */
function within<T>(use: () => T): T {
  let used!: T
  app = createApp({ setup: () => ((used = use()), () => h('p')) })
  app.mount(document.createElement('div'))
  return used
}
beforeEach(() => setActivePinia(createPinia()))
afterEach(() => app.unmount())

describe('the place by which a list is ordered', () => {
  it('is the first fix, and then another one only when the inspector has moved', async () => {
    const position = usePosition()
    const point = within(useSteadyPoint)
    const says = async (next: Fix | undefined) => {
      position.fix = next
      await nextTick()
      return point.value
    }
    expect(point.value).toBeUndefined()
    const first = fix(0, 900)
    expect(await says(first)).toBe(first.point)
    expect(await says(fix(MOVED_METRES - 1)), 'so little moves no line').toBe(first.point)
    const better = fix(400)
    expect(await says(better), 'the first one was coarse').toBe(better.point)
    expect(await says(fix(401)), 'the same place again').toBe(better.point)
    expect(await says(undefined), 'no fix for a while').toBe(better.point)
  })

  it('is no worse fix that may as well be of the same place', () => {
    expect(hasMoved(HERE, fix(MOVED_METRES + 50, MOVED_METRES + 100))).toBe(false)
    expect(hasMoved(HERE, fix(MOVED_METRES + 50, MOVED_METRES + 10))).toBe(true)
  })
})

describe('what is shown', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  let given: ShallowRef<string | undefined>
  function shown(first?: string) {
    given = shallowRef(first)
    return within(() => useUntouched(given))
  }
  const says = async (next: string) => {
    given.value = next
    await nextTick()
  }
  const fingers = (type: 'touchstart' | 'touchend' | 'touchcancel', left: number) =>
    document.dispatchEvent(Object.assign(new Event(type), { touches: Array.from({ length: left }) }))

  it('changes at once while no finger is on the screen', async () => {
    const list = shown('near')
    await says('nearer')
    expect(list.value).toBe('nearer')
  })

  it('stays while one is, and until a tap that ended was taken; then the newest is shown', async () => {
    const list = shown('near')
    fingers('touchstart', 1)
    await says('nearer')
    fingers('touchstart', 2)
    fingers('touchend', 1)
    vi.advanceTimersByTime(RESTING_MILLISECONDS)
    expect(list.value, 'another finger is still there').toBe('near')
    fingers('touchend', 0)
    vi.advanceTimersByTime(RESTING_MILLISECONDS - 1)
    await says('nearest')
    expect(list.value).toBe('near')
    vi.advanceTimersByTime(1)
    expect(list.value).toBe('nearest')
    await says('away')
    expect(list.value, 'as before').toBe('away')
  })

  it('stays when the next finger comes before the screen had its rest', async () => {
    const list = shown('near')
    fingers('touchstart', 1)
    fingers('touchcancel', 0)
    fingers('touchstart', 1)
    await says('nearer')
    vi.advanceTimersByTime(RESTING_MILLISECONDS)
    expect(list.value).toBe('near')
  })

  it('is the first answer also under a finger: it moves nothing', async () => {
    const list = shown()
    fingers('touchstart', 1)
    await says('near')
    expect(list.value).toBe('near')
  })
})
