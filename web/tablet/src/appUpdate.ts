/**
 * The service worker and updates of the app. A new version waits for what must not be cut off, in any tab: an open draft or a
 * write that runs. A tab that has some holds a lock that all such tabs share, and who starts the new version must find it
 * free. Drafts, waiting and refused work are in the databases and survive it.
 */
import { computed, ref, watch, type Ref } from 'vue'
import type { Router } from 'vue-router'
import { writing } from './stores/core'

/** A new version was fetched and waits. */
export const updateWaits = ref(false)
/** It was to be started, and another tab has something open. */
export const updateHeld = ref(false)

/** The Web Lock of every tab in which something is open. */
const OPEN_WORK = 'lantian-open-work'
/** Asked for again, since a tablet stays open for days. */
const LOOK_MILLISECONDS = 30 * 60_000

let start: (() => Promise<void>) | undefined

/** Starts the new version where nothing is open in any tab; pages load again once it is in charge. */
export async function applyUpdate(): Promise<void> {
  await start?.()
}

export async function watchUpdates(router: Router): Promise<void> {
  // The development server has none.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const calm = computed(() => writing.value === 0 && !router.currentRoute.value.meta.writes)
  await followUpdates(navigator.serviceWorker, navigator.locks, calm, () => location.reload())
}

/** `calm`: nothing of this tab would be cut off. */
export async function followUpdates(
  serviceWorker: ServiceWorkerContainer,
  locks: Pick<LockManager, 'request'>,
  calm: Readonly<Ref<boolean>>,
  reload: () => void,
): Promise<void> {
  const inCharge = ref(false)
  let controlled = serviceWorker.controller !== null
  serviceWorker.addEventListener('controllerchange', () => {
    // The first one takes charge of a page that is up to date already.
    inCharge.value = controlled
    controlled = true
  })
  watch([inCharge, calm], () => inCharge.value && calm.value && reload(), { flush: 'sync' })

  let waiting: ServiceWorker | null = null
  start = async () => {
    await locks.request(OPEN_WORK, { ifAvailable: true }, (free) => {
      updateHeld.value = free === null
      if (free && calm.value) waiting?.postMessage('activate')
    })
  }
  holdWhileOpen(locks, calm, () => updateWaits.value && void applyUpdate())

  const registration = await serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => undefined)
  if (registration === undefined) return
  function found(): void {
    waiting = registration?.waiting ?? null
    updateWaits.value = waiting !== null
    if (waiting && calm.value) void applyUpdate()
  }
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', () => serviceWorker.controller && found())
  })
  if (serviceWorker.controller) found()
  // A tab that held it up may have been killed: then nobody else tries again.
  setInterval(() => void registration.update().then(found).catch(() => undefined), LOOK_MILLISECONDS)
}

/** Holds the lock while something is open here; `released` hears when it was let go of. */
function holdWhileOpen(locks: Pick<LockManager, 'request'>, calm: Readonly<Ref<boolean>>, released: () => void): void {
  watch(
    calm,
    async (isCalm) => {
      if (isCalm) return
      await locks.request(OPEN_WORK, { mode: 'shared' }, () => closed(calm))
      released()
    },
    { immediate: true },
  )
}

/** Resolves when nothing is open here. */
async function closed(calm: Readonly<Ref<boolean>>): Promise<void> {
  if (calm.value) return
  await new Promise<void>((done) => watch(calm, () => done(), { once: true }))
}
