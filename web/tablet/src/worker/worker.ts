/**
 * A tab's worker. One of all tabs' workers holds the Web Lock and owns the databases; the others pass calls to it over
 * the channel. When it goes, the next in line takes over and says so.
 *
 * Invariant: the lock is held for as long as the worker lives, so a tab ends its worker before it is frozen.
 */
import { CoreError } from '@/core/client'
import type { Topic } from '@/core/model'
import { Owner } from './owner'
import { AGAIN, CHANNEL, LOCK, failureOf, type Call, type OnChannel, type Outcome, type ToTab } from './rpc'
import { isTrap } from './trap'

const channel = new BroadcastChannel(CHANNEL)
/** Calls of the own tab that another owner has not answered yet. */
const passedOn = new Set<string>()
/** What this worker is called as an owner. */
const NAME = crypto.randomUUID()
/** Calls under way here: the same one again, by a tab that saw no owner before, is the same call. */
const underWay = new Map<string, Promise<Outcome>>()
let owner: Owner | null = null

const toTab = (message: ToTab) => postMessage(message)
/** The tab ends this worker and starts another. */
const trapped = () => toTab({ kind: 'trapped' })
const toAll = (message: OnChannel) => channel.postMessage(message)

const METHODS: Record<string, (owner: Owner, args: unknown[]) => Promise<unknown>> = {
  device: (it) => it.device(),
  enrol: (it, args) => it.enrol(...(args as Parameters<Owner['enrol']>)),
  signIn: (it, args) => it.signIn(...(args as Parameters<Owner['signIn']>)),
  ready: (it) => it.ready,
  setPin: (it, args) => it.setPin(...(args as Parameters<Owner['setPin']>)),
  unlock: (it, args) => it.unlock(...(args as Parameters<Owner['unlock']>)),
  lock: (it) => it.lock(),
  call: (it, args) => it.call(...(args as Parameters<Owner['call']>)),
  addPhoto: (it, args) => it.addPhoto(...(args as Parameters<Owner['addPhoto']>)),
  photoClaims: (it, args) => it.photoClaims(...(args as Parameters<Owner['photoClaims']>)),
  photo: (it, args) => it.photo(...(args as Parameters<Owner['photo']>)),
  sealedDraft: (it, args) => it.sealedDraft(...(args as Parameters<Owner['sealedDraft']>)),
  keepSealedDraft: (it, args) => it.keepSealedDraft(...(args as Parameters<Owner['keepSealedDraft']>)),
  sync: (it) => it.sync(),
  syncState: (it) => it.syncState(),
  storage: (it) => it.storage(),
  originals: (it) => it.originals(),
  freeOriginals: (it) => it.freeOriginals(),
}

function answer(to: Owner, call: Call): Promise<Outcome> {
  const outcome = underWay.get(call.id) ?? act(to, call).finally(() => underWay.delete(call.id))
  underWay.set(call.id, outcome)
  return outcome
}

async function act(to: Owner, { method, args }: Call): Promise<Outcome> {
  try {
    const named = METHODS[method]
    if (named === undefined) throw new CoreError('internal', [], `no method ${method}`)
    return { value: await named(to, args) }
  } catch (error) {
    if (isTrap(error)) trapped()
    return { failure: failureOf(error) }
  }
}

self.onmessage = async ({ data }: MessageEvent<Call>) => {
  if (owner !== null) {
    toTab({ kind: 'answer', id: data.id, outcome: await answer(owner, data) })
    return
  }
  passedOn.add(data.id)
  toAll({ kind: 'call', call: data })
}

channel.onmessage = async ({ data }: MessageEvent<OnChannel>) => {
  switch (data.kind) {
    case 'call':
      if (owner !== null) toAll({ kind: 'answer', id: data.call.id, outcome: await answer(owner, data.call) })
      break
    case 'who':
      if (owner !== null) toAll({ kind: 'owner', owner: NAME })
      break
    case 'answer':
      if (passedOn.delete(data.id)) toTab(data)
      break
    case 'changed':
      if (owner === null) toTab(data)
      break
    case 'owner':
      if (owner === null) toTab({ ...data, here: false })
      break
  }
}

/** Never resolves: the lock goes with the worker. */
void navigator.locks.request(LOCK, async () => {
  const changed = (topics: readonly Topic[]) => {
    toTab({ kind: 'changed', topics })
    toAll({ kind: 'changed', topics })
  }
  owner = new Owner(changed, trapped, self.name === AGAIN)
  toTab({ kind: 'owner', owner: NAME, here: true })
  toAll({ kind: 'owner', owner: NAME })
  await new Promise(() => undefined)
})
toAll({ kind: 'who' })
