/**
 * The owner of the databases: the one worker of this origin that holds them, and answers every tab's calls.
 *
 * Invariants: an answer to a write follows the commit; one user is unlocked at a time, and nothing of another is opened;
 * a round of sync runs beside calls, never beside another round; no key leaves this worker.
 */
import { CoreError, PIN_MIN_DIGITS } from '@/core/client'
import type { DeviceState, NewPhoto, Order, Originals, PhotoClaims, PhotoEntry, Storage, SyncReport, SyncState, Topic } from '@/core/model'
import init, { Tablet, checkPhotoFormat, makeRoom, photoClaims, poolNames, takePool } from '@/core/generated/tablet_core'
import { fromBase64Url, toHex } from './bytes'
import * as keys from './keys'
import { PhotoFiles } from './photos'
import { readDevice, readUsers, writeDevice, writeUser, type DeviceRecord, type UserRecord } from './registry'
import { SealedDrafts } from './sealedDrafts'
import { NotCarried, carry, type Carried } from './transport'
import { isTrap } from './trap'
import { told } from './whoIsHere'

/** Wrong PINs in a row after which only signing in with network opens. */
const WRONG_PINS_MAX = 10
/** Bytes of a photo (20 MiB), as the server has it. */
const PHOTO_MAX_BYTES = 20 * 1024 * 1024
/** Between a write, or an opening, and the round that follows. */
const SOON_MILLISECONDS = 1_500
/** Between rounds while something waits, or the register may have changed. */
const REGULAR_MILLISECONDS = 60_000
/** After a round whose photos the server had not judged yet, and twice as long after each that follows. */
const VERDICT_MILLISECONDS = 2_000
/** Bytes of originals that stay here, as on any device (2 GiB) … */
const KEPT_BYTES = 2 * 1024 ** 3
/** … or this part of what the browser grants, where that is less. */
const KEPT_SHARE = 0.25
/** First bytes by which pictures are told apart. */
const FORMAT_BYTES = 16

/** Of a rehearsal. */
const NO_ID = '00000000-0000-7000-8000-000000000000'
const NO_VISIT = { target: NO_ID, answers: [], measurements: [], kept_photos: [] }

const JSON_HEADERS: [string, string][] = [['Content-Type', 'application/json']]

type Ask =
  | { ask: 'http'; method: string; path: string; headers: [string, string][] }
  | { ask: 'sign'; challenge: string }
  | { ask: 'load'; photo: string; offset: number; length: number }
  | { ask: 'wait'; until: string }
  | { ask: 'done'; report: SyncReport }

type Counts = Omit<SyncState, 'running' | 'doing' | 'last_success' | 'last_report'>

interface Unlocked {
  user: UserRecord
  storeKey: Uint8Array<ArrayBuffer>
  tablet: Tablet
  photos: PhotoFiles
  sealedDrafts: SealedDrafts
  /** Ends what a round waits for. */
  locked: AbortController
  setAside: string[]
  stores: DeviceState['stores']
}

/** What is asked between the PIN and the first answer to a checklist. */
const REHEARSED: ({ call: string } & Record<string, unknown>)[] = [
  { call: 'rules' },
  { call: 'grids' },
  { call: 'units' },
  { call: 'counts' },
  { call: 'today', near: null },
  { call: 'save_draft', inspection_id: NO_ID, visit: NO_VISIT, replaces: null },
  { call: 'evaluate', visit: NO_VISIT, replaces: null },
  { call: 'search', text: '工地', kind: null, near: null },
]

/** Which topics a call that writes may have changed. */
const CHANGES: Record<string, readonly Topic[]> = {
  register_target: ['register', 'sync'],
  save_draft: ['drafts'],
  discard_draft: ['drafts'],
  seal: ['drafts', 'work', 'sync'],
  report_rectification: ['work', 'sync'],
  recheck_rectification: ['work', 'sync'],
  verify_fire_point: ['work', 'sync'],
}

export class Owner {
  private unlocked: Unlocked | null = null
  private round: Promise<void> | null = null
  private mending: Promise<void> | null = null
  private doing: SyncState['doing'] = null
  private lastReport: SyncReport | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  /** How long the next round waits for the verdict on photos; nothing where none is awaited. */
  private verdictIn: number | null = null

  /** The module is loaded and the databases are held; who is on this tablet can be asked before. */
  readonly ready: Promise<void>

  /**
   * `trapped` hears that the module trapped where no call is there to be told. After a trap (`again`) nothing is rehearsed: if
   * that was what trapped, there would be no end of it.
   */
  constructor(
    private readonly tell: (topics: readonly Topic[]) => void,
    private readonly trapped: () => void,
    again: boolean,
  ) {
    this.ready = init().then(() => passing(takePool))
    // Whoever asks for it is told; a rehearsal that fails costs only time.
    if (again) this.ready.catch(() => undefined)
    else this.ready.then(() => this.rehearse()).catch((error: unknown) => this.unheard(error))
    self.addEventListener('online', () => this.later(0))
  }

  // The device and its users.

  async device(): Promise<Omit<DeviceState, 'leader'>> {
    const [device, users] = await Promise.all([readDevice(), readUsers()])
    if (this.unlocked === null) return told(device, users)
    const { user, setAside, stores } = this.unlocked
    return told(device, users, { user_id: user.user_id, set_aside: setAside, stores })
  }

  async enrol(code: string, deviceName: string): Promise<{ user_id: string; name: string }> {
    let device = await readDevice()
    if (device === undefined) {
      device = await keys.makeDevice(deviceName)
      // Before the code is spent: a key that is lost afterwards would have spent it for nothing.
      await writeDevice(device)
    }
    const users = await readUsers()
    const incarnation = users[0]?.incarnation ?? crypto.randomUUID()
    const body = { code: code.trim(), public_key: await keys.publicKey(device), device_name: deviceName, incarnation }
    const enrolled = await ask<{ device_id: string; district: string; user_id: string; user_name: string }>(
      '/api/v1/devices/enrol',
      JSON_HEADERS,
      body,
    )
    const before = users.find((it) => it.user_id === enrolled.user_id)
    await writeUser({
      incarnation,
      wrong_pins: 0,
      opened: false,
      waiting: 0,
      photos_waiting: 0,
      last_success: null,
      ...before,
      user_id: enrolled.user_id,
      name: enrolled.user_name,
      device_id: enrolled.device_id,
      district: enrolled.district,
    })
    this.tell(['device'])
    return { user_id: enrolled.user_id, name: enrolled.user_name }
  }

  async signIn(userId: string, password: string): Promise<void> {
    const { device, user } = await this.known(userId)
    const authorization = await accessToken(device, user)
    const { recovery_key } = await ask<{ recovery_key: string }>(
      '/api/v1/devices/recovery-key',
      [...JSON_HEADERS, ['Authorization', `Bearer ${authorization}`]],
      { password },
    )
    const recoveryKey = fromBase64Url(recovery_key)
    let storeKey: Uint8Array<ArrayBuffer> | null
    if (user.recovery === undefined) {
      storeKey = keys.freshStoreKey()
      user.recovery = await keys.wrapWithRecovery(device, userId, recoveryKey, storeKey)
    } else {
      storeKey = await keys.unwrapWithRecovery(device, userId, recoveryKey, user.recovery)
    }
    if (storeKey === null) throw new CoreError('recovery_failed')
    user.wrong_pins = 0
    await writeUser(user)
    await this.open(user, storeKey)
  }

  async setPin(pin: string): Promise<void> {
    const { user, storeKey } = this.own()
    if (!keys.isGoodPin(pin, PIN_MIN_DIGITS)) throw new CoreError('pin_weak')
    const { device } = await this.known(user.user_id)
    user.pin = await keys.wrapWithPin(device, user.user_id, pin, storeKey)
    user.wrong_pins = 0
    await writeUser(user)
    this.tell(['device'])
  }

  async unlock(userId: string, pin: string): Promise<void> {
    const { device, user } = await this.known(userId)
    if (user.wrong_pins >= WRONG_PINS_MAX || user.pin === undefined) throw new CoreError('pin_blocked')
    // Counted before it is tried, so that pulling the plug does not give another try.
    user.wrong_pins += 1
    await writeUser(user)
    const storeKey = await keys.unwrapWithPin(device, userId, pin, user.pin)
    if (storeKey === null) throw new CoreError(user.wrong_pins >= WRONG_PINS_MAX ? 'pin_blocked' : 'wrong_pin')
    user.wrong_pins = 0
    await Promise.all([writeUser(user), this.open(user, storeKey)])
  }

  async lock(): Promise<void> {
    clearTimeout(this.timer)
    const { unlocked } = this
    this.unlocked = null
    unlocked?.locked.abort()
    // The round finds nobody unlocked after its present step and ends.
    await this.round?.catch(() => undefined)
    if (unlocked !== null) {
      unlocked.tablet.close()
      unlocked.storeKey.fill(0)
    }
    this.tell(['device'])
  }

  /**
   * Makes the calls of an opening on made-up stores while the PIN is typed: the browser compiles the module function by
   * function as they are first called. Piece by piece, and no longer once somebody is in.
   */
  private async rehearse(): Promise<void> {
    if ((await readUsers()).length === 0 || this.unlocked !== null) return
    const tablet = Tablet.rehearsal(Date.now())
    for (const call of REHEARSED) {
      await turn()
      if (this.unlocked !== null) break
      tablet.call(JSON.stringify(call), Date.now(), performance.now())
    }
    tablet.free()
  }

  /** Quickly, or thoroughly: then the register is read through, and set aside where it is damaged. */
  private async open(user: UserRecord, storeKey: Uint8Array<ArrayBuffer>, thoroughly = false): Promise<void> {
    if (this.unlocked !== null) await this.lock()
    await this.ready
    await passing(makeRoom)
    const identity = { user_id: user.user_id, device_id: user.device_id, incarnation: user.incarnation }
    const key = await keys.databaseKey(storeKey)
    const photos = await PhotoFiles.of(user.user_id, await keys.photoKey(storeKey))
    const sealedDrafts = new SealedDrafts(user.user_id, await keys.sealedDraftKey(storeKey))
    const tablet = await passing(() => Tablet.open(JSON.stringify(identity), key, thoroughly, Date.now()))
    const missing = user.opened && tablet.isFresh()
    if (missing) {
      // What the server knows of the old numbering must not meet a new one.
      user.incarnation = crypto.randomUUID()
      tablet.renew(user.incarnation)
      user.lost_stores = true
    }
    key.fill(0)
    if (missing || !user.opened) {
      user.opened = true
      await writeUser(user)
    }
    const setAside = JSON.parse(tablet.setAside()) as string[]
    const locked = new AbortController()
    this.unlocked = { user, storeKey, tablet, photos, sealedDrafts, locked, setAside, stores: missing ? 'missing' : 'sound' }
    this.tell(['device', 'register', 'rules', 'drafts', 'work', 'sync'])
    // The day is shown first, where there is one.
    this.later(missing || user.last_success === null ? 0 : SOON_MILLISECONDS)
  }

  /** After what met damage: opens the stores thoroughly. Any other failure goes on. */
  private mend(failure: unknown): Promise<void> {
    if (!(failure instanceof CoreError) || failure.code !== 'damaged') throw failure
    const { user, storeKey } = this.own()
    this.mending ??= this.open(user, storeKey.slice(), true).finally(() => (this.mending = null))
    return this.mending
  }

  private own(): Unlocked {
    if (this.unlocked === null) throw new CoreError('locked')
    return this.unlocked
  }

  private async known(userId: string): Promise<{ device: DeviceRecord; user: UserRecord }> {
    const [device, users] = await Promise.all([readDevice(), readUsers()])
    const user = users.find((it) => it.user_id === userId)
    if (device === undefined || user === undefined) throw new CoreError('user_unknown')
    return { device, user }
  }

  // Calls into the module.

  /** One call of `tablet-core`, whose names these are. */
  async call(call: { call: string } & Record<string, unknown>): Promise<unknown> {
    const ask = () => passing(() => this.own().tablet.call(JSON.stringify(call), Date.now(), performance.now()))
    const answer = await ask().catch((failure: unknown) => this.mend(failure).then(ask))
    const changed = CHANGES[call.call]
    if (changed !== undefined) {
      if (changed.includes('sync')) {
        await this.count()
        this.later(SOON_MILLISECONDS)
      }
      this.tell(changed)
    }
    return JSON.parse(answer) as unknown
  }

  async addPhoto(photo: NewPhoto): Promise<PhotoEntry> {
    const { photos } = this.own()
    if (photo.bytes.size > PHOTO_MAX_BYTES) throw problem('photo_too_large', '照片超过 20 MB。', 'The photo is larger than 20 MB.')
    const bytes = new Uint8Array(await photo.bytes.arrayBuffer())
    await passing(() => checkPhotoFormat(bytes.subarray(0, FORMAT_BYTES)))
    const claims = JSON.parse(photoClaims(bytes)) as PhotoClaims
    const sha256 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
    try {
      await photos.keep(sha256, bytes)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') throw new CoreError('storage_full')
      throw error
    }
    return {
      sha256,
      size: bytes.length,
      taken_at: claims.taken_at ?? photo.taken_at ?? new Date().toISOString(),
      point: claims.point ?? photo.point ?? null,
      source: photo.source,
      question: photo.question ?? null,
    }
  }

  async photoClaims(picture: Blob): Promise<PhotoClaims> {
    return JSON.parse(photoClaims(new Uint8Array(await picture.arrayBuffer()))) as PhotoClaims
  }

  async photo(sha256: string): Promise<Blob | null> {
    const { photos } = this.own()
    const size = await photos.size(sha256)
    const bytes = size === null ? null : await photos.read(sha256, 0, size)
    return bytes === null ? null : new Blob([bytes])
  }

  async sealedDraft(subject: string): Promise<unknown> {
    return this.own().sealedDrafts.read(subject)
  }

  async keepSealedDraft(subject: string, draft: unknown): Promise<void> {
    await this.own().sealedDrafts.keep(subject, draft)
  }

  // Sync.

  async syncState(): Promise<SyncState> {
    const { user } = this.own()
    const counts = (await this.call({ call: 'counts' })) as Counts
    return {
      ...counts,
      running: this.round !== null,
      doing: this.doing,
      last_success: user.last_success,
      last_report: this.lastReport,
    }
  }

  async sync(): Promise<SyncState> {
    this.own()
    this.round ??= this.play().finally(() => {
      this.round = null
      this.doing = null
      this.tell(['sync'])
      this.later(this.verdictIn ?? REGULAR_MILLISECONDS)
    })
    await this.round.catch((failure: unknown) => this.mend(failure))
    return this.syncState()
  }

  private later(milliseconds: number): void {
    clearTimeout(this.timer)
    if (this.unlocked === null || !navigator.onLine) return
    this.timer = setTimeout(() => void this.sync().catch((error: unknown) => this.unheard(error)), milliseconds)
  }

  /** A failure of what nobody called: the next round tries again, but not on a module that trapped. */
  private unheard(error: unknown): void {
    if (isTrap(error)) this.trapped()
  }

  /** One round, step by step; calls of screens come in between. */
  private async play(): Promise<void> {
    const session = this.own()
    const { tablet, user } = session
    const { device } = await this.known(user.user_id)
    await passing(() => tablet.beginRound(crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n))
    this.tell(['sync'])
    let rested = 0
    for (;;) {
      const now = Math.max(Date.now(), rested)
      // Also where the user was locked in between: what was answered is written, the next round goes on from there.
      if (this.unlocked !== session) return
      const step = JSON.parse(await passing(() => tablet.nextStep(now))) as Ask
      switch (step.ask) {
        case 'sign':
          await passing(() => keys.sign(device, step.challenge).then((signature) => tablet.sign(signature, now)))
          break
        case 'load':
          tablet.load((await session.photos.read(step.photo, step.offset, step.length)) ?? undefined)
          break
        case 'wait': {
          const until = Date.parse(step.until)
          await new Promise((done) => {
            setTimeout(done, until - now)
            session.locked.signal.addEventListener('abort', done)
          })
          rested = until
          break
        }
        case 'http':
          await this.carryStep(session, step, tablet.takeBody() as Uint8Array<ArrayBuffer>)
          break
        case 'done':
          await this.ended(session, step.report)
          return
      }
    }
  }

  private async carryStep(session: Unlocked, step: Ask & { ask: 'http' }, body: Uint8Array<ArrayBuffer>): Promise<void> {
    const doing = undertaking(step.path)
    if (doing !== this.doing) {
      this.doing = doing
      this.tell(['sync'])
    }
    let carried: Carried
    try {
      carried = await carry(step.method, step.path, step.headers, body, session.locked.signal)
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error
      if (this.unlocked === session) {
        await passing(() => session.tablet.fail(error.unreachable, error.message, Date.now()))
      }
      return
    }
    if (this.unlocked !== session) return
    const { status, headers } = carried
    await passing(() => session.tablet.respond(status, JSON.stringify(headers), carried.body, Date.now()))
    if (doing === 'push' || doing === 'photos') this.tell(['sync', 'work'])
  }

  private async ended(session: Unlocked, report: SyncReport): Promise<void> {
    if (this.unlocked !== session) return
    this.lastReport = report
    if (!report.stopped && report.failures.length === 0) {
      session.user.last_success = new Date().toISOString()
      if (session.stores === 'missing') session.stores = 'sound'
    }
    session.user.incarnation = session.tablet.incarnation()
    const { photos_unjudged } = await this.count()
    const awaited = photos_unjudged > 0 && !report.stopped
    this.verdictIn = awaited ? Math.min((this.verdictIn ?? VERDICT_MILLISECONDS / 2) * 2, REGULAR_MILLISECONDS) : null
    await this.sweep(session)
    await this.keepWithin(session)
    const pulled: Topic[] = report.pulled_rows > 0 ? ['register', 'rules', 'work'] : []
    this.tell(['device', 'sync', ...pulled])
  }

  /** Writes down how much waits, for those who see the tablet locked. */
  private async count(): Promise<Counts> {
    const { user } = this.own()
    const counts = (await this.call({ call: 'counts' })) as Counts
    user.waiting = counts.waiting + counts.held
    user.photos_waiting = counts.photos_waiting
    await writeUser(user)
    return counts
  }

  // Storage.

  async storage(): Promise<Storage> {
    const { usage, quota } = await navigator.storage.estimate()
    return { used: usage ?? null, quota: quota ?? null, persisted: await navigator.storage.persisted() }
  }

  async originals(): Promise<Originals> {
    const session = this.own()
    const sizes = await session.photos.sizes()
    const free = await this.mayGo(session)
    return {
      ...summed(sizes, [...sizes.keys()]),
      may_go: summed(sizes, free),
      freed: session.user.freed ?? { photos: 0, bytes: 0 },
    }
  }

  /** Lets go of every original that may, at the user's wish. */
  async freeOriginals(): Promise<Originals> {
    await this.free(this.own(), 0)
    return this.originals()
  }

  /**
   * Removes originals that were taken away again before anything was sealed: nothing of this user names them. Not those that
   * were kept since the user was unlocked, which a screen may be about to name, and none at all where databases that may
   * name them are gone or set aside.
   */
  private async sweep({ user, tablet, photos, sealedDrafts }: Unlocked): Promise<void> {
    const work = `/${user.user_id}/work.db.damaged-`
    if (user.lost_stores || (JSON.parse(poolNames()) as string[]).some((name) => name.startsWith(work))) return
    const here = [...(await photos.sizes()).keys()]
    // Of this user's own stores, and of no others that were opened meanwhile: closed ones throw.
    const asked = JSON.stringify({ call: 'unnamed_originals', here })
    const unnamed = JSON.parse(await passing(() => tablet.call(asked, Date.now(), performance.now()))) as string[]
    const drafts = unnamed.length === 0 ? [] : await sealedDrafts.texts()
    for (const sha256 of unnamed) {
      if (!drafts.some((text) => text.includes(sha256))) await photos.remove(sha256)
    }
  }

  /** Makes room where more is here than is to be kept. */
  private async keepWithin(session: Unlocked): Promise<void> {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate()
    const kept = Math.min(KEPT_BYTES, quota * KEPT_SHARE)
    if (usage > kept) await this.free(session, kept)
  }

  /** Removes originals, the oldest first, until no more than these bytes of them are here, or none may go. */
  private async free(session: Unlocked, kept: number): Promise<void> {
    const free = await this.mayGo(session)
    if (free.length === 0) return
    const sizes = await session.photos.sizes()
    let here = summed(sizes, [...sizes.keys()]).bytes
    const gone: string[] = []
    for (const sha256 of free) {
      if (here <= kept) break
      if (!(await session.photos.remove(sha256))) continue
      here -= sizes.get(sha256) ?? 0
      gone.push(sha256)
    }
    const before = session.user.freed ?? { photos: 0, bytes: 0 }
    const now = summed(sizes, gone)
    session.user.freed = { photos: before.photos + now.photos, bytes: before.bytes + now.bytes }
    await writeUser(session.user)
    if (gone.length > 0) this.tell(['work'])
  }

  /**
   * Originals that are here and may leave, the oldest first: the server has verified them and a backup has them. Not those
   * that something unrecorded names, nor those that stand as "before" beside what is still to be rectified.
   */
  private async mayGo({ photos, sealedDrafts }: Unlocked): Promise<string[]> {
    const free = (await this.call({ call: 'originals_that_may_go' })) as string[]
    if (free.length === 0) return []
    const orders = (await this.call({ call: 'orders', near: null })) as Order[]
    const [before, drafts, sizes] = [new Set(orders.flatMap((order) => order.photos_before)), await sealedDrafts.texts(), await photos.sizes()]
    return free.filter((sha256) => sizes.has(sha256) && !before.has(sha256) && !drafts.some((text) => text.includes(sha256)))
  }
}

/** Lets whatever waits have its turn. */
function turn(): Promise<void> {
  return new Promise((done) => setTimeout(done))
}

function summed(sizes: ReadonlyMap<string, number>, of: readonly string[]): { photos: number; bytes: number } {
  return { photos: of.length, bytes: of.reduce((sum, sha256) => sum + (sizes.get(sha256) ?? 0), 0) }
}

function undertaking(path: string): SyncState['doing'] {
  if (path.startsWith('/api/v1/sync/push')) return 'push'
  if (path.startsWith('/api/v1/sync/')) return 'pull'
  return path.startsWith('/api/v1/photos/') ? 'photos' : 'access'
}

function problem(code: string, title: string, title_en: string): CoreError {
  return new CoreError(code, [{ code, title, title_en }])
}

/** Runs what the module may throw: the JSON of a `CallError` becomes a {@link CoreError}, a trap stays what it is. */
async function passing<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (typeof error !== 'string') throw error
    const told = JSON.parse(error) as { code: string; problems: CoreError['problems']; detail: string | null }
    throw new CoreError(told.code, told.problems, told.detail ?? undefined)
  }
}

/** A request outside of a round: its answer, or why not. */
async function ask<T>(path: string, headers: [string, string][], body: unknown): Promise<T> {
  let carried: Carried
  try {
    carried = await carry('POST', path, headers, body === null ? null : JSON.stringify(body))
  } catch (error) {
    throw new CoreError('unreachable', [], String(error))
  }
  let said: unknown
  try {
    said = JSON.parse(new TextDecoder().decode(carried.body))
  } catch {
    throw new CoreError('unreachable', [], `status ${carried.status}, and no answer of this product`)
  }
  if (carried.status < 300) return said as T
  const refusal = said as Partial<CoreError['problems'][number]>
  if (typeof refusal.code !== 'string') throw new CoreError('unreachable', [], `status ${carried.status}`)
  throw new CoreError(refusal.code, [refusal as CoreError['problems'][number]])
}

async function accessToken(device: DeviceRecord, user: UserRecord): Promise<string> {
  const path = `/api/v1/devices/${user.device_id}`
  const { challenge } = await ask<{ challenge: string }>(`${path}/challenge`, [], null)
  const signature = await keys.sign(device, challenge)
  const proof = { challenge, signature, user_id: user.user_id, incarnation: user.incarnation }
  return (await ask<{ access_token: string }>(`${path}/token`, JSON_HEADERS, proof)).access_token
}
