/**
 * What changed on the server, as it happens. One tab of the browser holds the stream and passes on what it hears, for
 * a browser opens six connections to a host and office people open twenty tabs. While no stream stands, screens are
 * told every few seconds to look for themselves.
 */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { uuid } from '@lantian/shared/ids'

/** What a screen is told: the noun that changed and which one; `everything` when it cannot be told. */
export interface Change {
  what: string
  id?: string
}

const CHANNEL = 'lantian.events'
const LEASE = 'lantian.events.leader'
const LEASE_MILLISECONDS = 5_000
const TICK_MILLISECONDS = 2_000
const BLIND_MILLISECONDS = 15_000

interface Lease {
  tab: string
  until: number
}

function readLease(): Lease | undefined {
  try {
    return JSON.parse(localStorage.getItem(LEASE) ?? '') as Lease
  } catch {
    return undefined
  }
}

export const useEvents = defineStore('events', () => {
  const live = ref(false)
  const tab = uuid()
  const listeners = new Set<(change: Change) => void>()
  let channel: BroadcastChannel | undefined
  let stream: EventSource | undefined
  let ticking: ReturnType<typeof setInterval> | undefined
  let lastLook = 0
  let started = 0

  function tell(change: Change): void {
    for (const listener of listeners) listener(change)
  }

  function pass(change: Change): void {
    tell(change)
    channel?.postMessage(change)
  }

  function open(): void {
    stream = new EventSource('/api/v1/events')
    stream.onopen = () => {
      live.value = true
      // What happened between another tab's stream and this one is not told by either.
      if (Date.now() - started > LEASE_MILLISECONDS) pass({ what: 'everything' })
    }
    stream.onerror = () => {
      live.value = false
      if (stream?.readyState === EventSource.CLOSED) stream = undefined
    }
    stream.addEventListener('change', ({ data }: MessageEvent<string>) => pass(JSON.parse(data) as Change))
    stream.addEventListener('reload', () => pass({ what: 'everything' }))
  }

  function close(): void {
    stream?.close()
    stream = undefined
    live.value = false
  }

  /** Takes or keeps the lead when nobody else has it, and looks around while no stream stands. */
  function tick(): void {
    const now = Date.now()
    const lease = readLease()
    const leads = lease === undefined || lease.tab === tab || lease.until < now
    if (leads) {
      localStorage.setItem(LEASE, JSON.stringify({ tab, until: now + LEASE_MILLISECONDS } satisfies Lease))
      if (!stream) open()
      if (!live.value && now - lastLook > BLIND_MILLISECONDS) {
        lastLook = now
        pass({ what: 'everything' })
      }
    } else close()
  }

  function start(): void {
    if (ticking !== undefined) return
    channel = new BroadcastChannel(CHANNEL)
    channel.onmessage = ({ data }: MessageEvent<Change>) => tell(data)
    started = lastLook = Date.now()
    ticking = setInterval(tick, TICK_MILLISECONDS)
    tick()
    addEventListener('pagehide', stop)
  }

  function stop(): void {
    clearInterval(ticking)
    ticking = undefined
    close()
    if (readLease()?.tab === tab) localStorage.removeItem(LEASE)
    channel?.close()
    channel = undefined
  }

  /** Calls back for each change until the returned function is called. */
  function listen(listener: (change: Change) => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return { live, start, stop, listen }
})
