/**
 * The service worker and updates of the app. A new version waits for what must not be cut off: an open draft or a write
 * that runs. Drafts, waiting and refused work are in the databases and survive it.
 */
import { ref, watch } from 'vue'
import type { Router } from 'vue-router'
import { writing } from './stores/core'

/** A new version was fetched and waits. */
export const updateWaits = ref(false)

let waiting: ServiceWorker | null = null

/** Starts the new version; the page loads again once it is in charge. */
export function applyUpdate(): void {
  waiting?.postMessage('activate')
}

/** Asked for again, since a tablet stays open for days. */
const LOOK_MILLISECONDS = 30 * 60_000

export async function watchUpdates(router: Router): Promise<void> {
  // The development server has none.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const { serviceWorker } = navigator
  let controlled = serviceWorker.controller !== null
  serviceWorker.addEventListener('controllerchange', () => {
    // The first one takes charge of a page that is up to date already.
    if (controlled) location.reload()
    controlled = true
  })
  const registration = await serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => undefined)
  if (registration === undefined) return

  const calm = () => writing.value === 0 && !router.currentRoute.value.meta.writes
  function found(): void {
    waiting = registration?.waiting ?? null
    updateWaits.value = waiting !== null
    if (waiting && calm()) applyUpdate()
  }
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', () => serviceWorker.controller && found())
  })
  if (serviceWorker.controller) found()
  watch([writing, router.currentRoute], () => {
    if (updateWaits.value && calm()) applyUpdate()
  })
  setInterval(() => void registration.update().catch(() => undefined), LOOK_MILLISECONDS)
}
