/**
 * Lists by distance that stay calm: they are ordered anew when the inspector has moved, not at every fix, and nothing moves
 * while a finger is on the screen.
 */
import { onBeforeUnmount, onMounted, shallowRef, watch, type ShallowRef } from 'vue'
import type { Fix, Point } from '@/core/client'
import { usePosition } from '@/stores/position'
import { metresBetween } from '@/words/measure'

/** From here on another order is worth that lines move. */
export const MOVED_METRES = 100
/** After the last finger left: a tap that ended is still to be taken, and a list that was pushed rolls on. */
export const RESTING_MILLISECONDS = 600

/** Whether a fix is of another place than a list is ordered by, and not only a worse one of the same. */
export function hasMoved(from: Point | undefined, fix: Fix | undefined): boolean {
  if (fix === undefined) return false
  if (from === undefined) return true
  return metresBetween(from, fix.point) > Math.max(MOVED_METRES, fix.accuracy_metres)
}

/** Where the inspector is, as far as an order needs to know: the first fix, and each that is of another place. */
export function useSteadyPoint(): Readonly<ShallowRef<Point | undefined>> {
  const position = usePosition()
  const point = shallowRef(position.point)
  watch(
    () => position.fix,
    (fix) => {
      if (hasMoved(point.value, fix)) point.value = fix?.point
    },
  )
  return point
}

/** The same as `given`, but what is shown stays while a finger is on the screen; the newest comes when none is. */
export function useUntouched<T>(given: Readonly<ShallowRef<T | undefined>>): Readonly<ShallowRef<T | undefined>> {
  const shown = shallowRef(given.value)
  let touched = false
  let rest: ReturnType<typeof setTimeout> | undefined

  watch(given, (newest) => {
    // What is shown for the first time moves nothing.
    if (!touched || shown.value === undefined) shown.value = newest
  })
  function touch(): void {
    clearTimeout(rest)
    touched = true
  }
  function left({ touches }: TouchEvent): void {
    if (touches.length > 0) return
    clearTimeout(rest)
    rest = setTimeout(() => {
      touched = false
      shown.value = given.value
    }, RESTING_MILLISECONDS)
  }
  onMounted(() => {
    document.addEventListener('touchstart', touch, { passive: true })
    document.addEventListener('touchend', left, { passive: true })
    document.addEventListener('touchcancel', left, { passive: true })
  })
  onBeforeUnmount(() => {
    clearTimeout(rest)
    document.removeEventListener('touchstart', touch)
    document.removeEventListener('touchend', left)
    document.removeEventListener('touchcancel', left)
  })
  return shown
}
