/**
 * The core behind a worker: spawns it, numbers calls, hands answers back, and asks again what an owner that went away has
 * not answered. A write carries its id from here, so that asking again writes nothing twice.
 *
 * The worker is ended when the page is hidden for good or kept by the browser (it would go on holding the databases) and
 * started again when the page comes back, and after a trap.
 */
import { uuid } from '@lantian/shared/ids'
import type { Call, Outcome, ToTab } from '@/worker/rpc'
import { CoreError, type Core } from './client'
import type { DeviceState, Draft, LogLine, PhotoEntry, Recorded, Storage, Topic, Visit } from './model'

interface Pending {
  call: Call
  /** Whether the same call again does no harm. */
  again: boolean
  done: (value: never) => void
  fail: (error: CoreError) => void
}

/** Calls that an owner which went away may have done without saying so, and that must not be done twice. */
const ONCE = new Set(['enrol', 'signIn', 'unlock'])

/** A visit as `sync-core` has it: its manifest are photos kept before. */
type CoreVisit = Omit<Visit, 'photos'> & { kept_photos: PhotoEntry[] }

const toCore = ({ photos, ...visit }: Visit): CoreVisit => ({ ...visit, kept_photos: photos })

function fromCore(given: CoreVisit & { photos?: unknown }): Visit {
  const { kept_photos, photos: _files, ...visit } = given
  const said = Object.entries(visit).filter(([, value]) => value !== null)
  return { ...(Object.fromEntries(said) as Omit<Visit, 'photos'>), photos: kept_photos }
}

export class Remote {
  private worker: Worker | null = null
  private leader = false
  private owner: string | null = null
  private readonly pending = new Map<string, Pending>()
  private readonly heard = new Map<Topic, Set<() => void>>()

  /** `spawn` is told whether the worker takes the place of one that trapped. */
  constructor(private readonly spawn: (again: boolean) => Worker) {
    this.start()
    addEventListener('pagehide', () => this.stop())
    addEventListener('pageshow', (event) => {
      if (event.persisted) this.start()
    })
  }

  get isLeader(): boolean {
    return this.leader
  }

  private start(again = false): void {
    this.stop()
    this.worker = this.spawn(again)
    this.worker.onmessage = ({ data }: MessageEvent<ToTab>) => this.take(data)
    this.worker.onerror = () => this.restart()
  }

  private stop(): void {
    this.worker?.terminate()
    this.worker = null
    this.leader = false
  }

  private restart(): void {
    this.giveUpOnce()
    this.start(true)
    this.tell(['device', 'sync'])
  }

  private take(message: ToTab): void {
    switch (message.kind) {
      case 'answer':
        this.settle(message.id, message.outcome)
        break
      case 'changed':
        this.tell(message.topics)
        break
      case 'owner':
        this.leader = message.here
        if (message.owner === this.owner) break
        // Before the first owner was known nothing can have been done by another.
        if (this.owner !== null) this.giveUpOnce()
        this.owner = message.owner
        for (const { call } of this.pending.values()) this.worker?.postMessage(call)
        this.tell(['device', 'sync'])
        break
      case 'trapped':
        this.restart()
        break
    }
  }

  /** Fails what an owner that is gone may have done, and that must not be done twice. */
  private giveUpOnce(): void {
    for (const [id, { again, fail }] of this.pending) {
      if (again) continue
      this.pending.delete(id)
      fail(new CoreError('interrupted'))
    }
  }

  private settle(id: string, outcome: Outcome): void {
    const pending = this.pending.get(id)
    if (pending === undefined) return
    this.pending.delete(id)
    if ('value' in outcome) {
      pending.done(outcome.value as never)
    } else {
      const { code, problems, detail } = outcome.failure
      pending.fail(new CoreError(code, problems, detail))
    }
  }

  private tell(topics: readonly Topic[]): void {
    topics.forEach((topic) => this.heard.get(topic)?.forEach((heard) => heard()))
  }

  ask<T>(method: string, ...args: unknown[]): Promise<T> {
    return new Promise((done, fail) => {
      const call = { id: uuid(), method, args }
      this.pending.set(call.id, { call, again: !ONCE.has(method), done, fail })
      this.worker?.postMessage(call)
    })
  }

  call<T>(call: string, args: Record<string, unknown> = {}): Promise<T> {
    // A worker takes plain values, and screens have reactive ones.
    return this.ask('call', JSON.parse(JSON.stringify({ call, ...args })))
  }

  on(topic: Topic, heard: () => void): () => void {
    const heards = this.heard.get(topic) ?? new Set()
    this.heard.set(topic, heards.add(heard))
    return () => void heards.delete(heard)
  }
}

/** `atOnce`: what was told before the worker was started. */
export function remoteCore(remote: Remote, atOnce: Promise<DeviceState | null>): Core {
  type CoreDraft = Omit<Draft, 'visit'> & { visit: CoreVisit }
  const draft = (given: CoreDraft): Draft => ({ ...given, visit: fromCore(given.visit) })
  return {
    device: async () => ({ ...(await remote.ask<Omit<DeviceState, 'leader'>>('device')), leader: remote.isLeader }),
    atOnce: () => atOnce,
    ready: () => remote.ask('ready'),
    enrol: (code, deviceName) => remote.ask('enrol', code, deviceName),
    signIn: (userId, password) => remote.ask('signIn', userId, password),
    setPin: (pin) => remote.ask('setPin', pin),
    unlock: (userId, pin) => remote.ask('unlock', userId, pin),
    lock: () => remote.ask('lock'),

    today: async (near) => {
      const today = await remote.call<Record<string, unknown> & { drafts: CoreDraft[] }>('today', { near: near ?? null })
      return { ...today, drafts: today.drafts.map(draft) } as never
    },
    search: ({ text, near, kind }) => remote.call('search', { text, near: near ?? null, kind: kind ?? null }),
    target: (target_id) => remote.call('target', { target_id }),
    registerTarget: (target, targetId) => remote.call('register_target', { op_id: targetId ?? uuid(), target }),
    targetHistory: (target_id) => remote.call('target_history', { target_id }),
    rules: () => remote.call('rules'),
    checklistOf: (inspection_id) => remote.call('checklist_of', { inspection_id }),
    grids: () => remote.call('grids'),
    zones: () => remote.call('zones'),
    units: () => remote.call('units'),
    mapTargets: (bounds, limit) => remote.call('map_targets', { bounds, limit }),
    gridAt: (point) => remote.call('grid_at', { point }),
    nearby: (item, point, target) => remote.call('nearby', { item, point, target: target ?? null }),

    drafts: async () => (await remote.call<CoreDraft[]>('drafts')).map(draft),
    draft: async (inspection_id) => {
      const found = await remote.call<CoreDraft | null>('draft', { inspection_id })
      return found && draft(found)
    },
    beginDraft: async (visit, replaces) => {
      const inspection_id = uuid()
      const begun = await remote.call<CoreDraft>('save_draft', {
        inspection_id,
        visit: replaces === undefined ? toCore(visit) : null,
        replaces: replaces ?? null,
      })
      return draft(begun)
    },
    saveDraft: async (inspection_id, visit) =>
      draft(await remote.call('save_draft', { inspection_id, visit: toCore(visit), replaces: null })),
    discardDraft: async (inspection_id) => {
      await remote.call('discard_draft', { inspection_id })
    },
    evaluate: (visit, replaces) => remote.call('evaluate', { visit: toCore(visit), replaces: replaces ?? null }),
    seal: (inspection_id) => remote.call('seal', { op_id: uuid(), inspection_id }),
    addPhoto: (photo) => remote.ask('addPhoto', photo),
    photoClaims: (picture) => remote.ask('photoClaims', picture),
    photo: (sha256) => remote.ask('photo', sha256),

    inspections: (limit) => remote.call('inspections', { limit: limit ?? null }),
    inspection: async (inspection_id) => {
      const own = await remote.call<{ visit: CoreVisit; recorded: Recorded; status: never }>('inspection', { inspection_id })
      return { ...own, visit: fromCore(own.visit) }
    },
    orders: (near) => remote.call('orders', { near: near ?? null }),
    leads: (near) => remote.call('leads', { near: near ?? null }),
    reportRectification: (case_id, seen) => remote.call('report_rectification', { op_id: uuid(), case_id, seen }),
    recheckRectification: (case_id, passed, seen) =>
      remote.call('recheck_rectification', { op_id: uuid(), case_id, passed, seen }),
    verifyFirePoint: (fire_point_id, inspection_id, seen) =>
      remote.call('verify_fire_point', { op_id: uuid(), fire_point_id, inspection_id, seen }),

    fieldDraft: (subject) => remote.ask('sealedDraft', subject),
    keepFieldDraft: (subject, draft) => remote.ask('keepSealedDraft', subject, draft),
    fireReport: (inspectionId) => remote.ask('sealedDraft', `fire report ${inspectionId}`),
    keepFireReport: (inspectionId, report) => remote.ask('keepSealedDraft', `fire report ${inspectionId}`, report),
    targetDraft: (subject) => remote.ask('sealedDraft', `new target ${subject}`),
    keepTargetDraft: (subject, draft) => remote.ask('keepSealedDraft', `new target ${subject}`, draft),

    sync: () => remote.ask('sync'),
    syncState: () => remote.ask('syncState'),
    log: () => remote.call('log'),
    exportLog: async () => {
      const [device, state, log] = [await remote.ask('device'), await remote.ask('syncState'), await remote.call<LogLine[]>('log')]
      const file = { exported_at: new Date().toISOString(), device, state, log }
      return new Blob([JSON.stringify(file, null, 2)], { type: 'application/json' })
    },
    storage: () => remote.ask('storage'),
    originals: () => remote.ask('originals'),
    freeOriginals: () => remote.ask('freeOriginals'),
    persist: async () => {
      // Only a page may ask.
      await navigator.storage.persist()
      return remote.ask<Storage>('storage')
    },
    on: (topic, heard) => remote.on(topic, heard),
  }
}
