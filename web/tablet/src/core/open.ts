/** Where screens get the core from: the worker, or in development (`VITE_FAKE_CORE=1`) the one in memory. */
import { CoreError, type Core } from './client'
import { toldByNobody } from '@/worker/whoIsHere'
import { Remote, remoteCore } from './remote'

/** Connects to the worker that owns the databases, in this tab or another. */
export async function openCore(): Promise<Core> {
  // The whole branch falls out of a build, and the fake with it.
  if (import.meta.env.DEV && import.meta.env.VITE_FAKE_CORE === '1') {
    const { fakeCore } = await import('./fake')
    return fakeCore()
  }
  if (!isSecureContext || !('locks' in navigator) || typeof navigator.storage?.getDirectory !== 'function') {
    throw new CoreError('unsupported')
  }
  // Asked before this tab's worker may become the owner.
  const atOnce = toldByNobody().catch(() => null)
  return remoteCore(new Remote(spawn), atOnce)
}

/** The build reads the options, so the name (`AGAIN`) stands here as it is. */
function spawn(again: boolean): Worker {
  return again
    ? new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module', name: 'again' })
    : new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })
}
