/**
 * A core of plain memory, for component tests and for the screens' development server. It knows no rule: charges,
 * search and states are canned. It is never part of a build (see `open.ts`) and nothing here is kept.
 */
import { CoreError, type Core } from './client'
import type {
  Draft,
  DeviceState,
  Evaluation,
  FieldDraft,
  FireReport,
  Kind,
  Order,
  OwnInspection,
  PhotoEntry,
  RegisterEntry,
  Rules,
  SyncState,
  TargetDraft,
  Topic,
  Visit,
} from './model'

const DISTRICT = '410804'
const UNIT = '01890000-0000-7000-8000-00000000000a'

const NOTHING = { photos: 0, bytes: 0 }

let counted = 0
const id = () => `01890000-0000-7000-8000-${(++counted).toString(16).padStart(12, '0')}`
const now = () => new Date().toISOString()

const KINDS: Kind[] = [
  {
    code: 'construction_site',
    zh: '建筑工地',
    en: 'Construction site',
    facts: [{ code: 'area', zh: '建筑面积', en: 'Area', type: { number: { unit: 'm²', min: 0, max: 1e6 } }, required: false }],
    questions: [
      { code: 'hoarding', zh: '工地周边围挡', en: 'Hoarding', item: 'six_hundred_percent', clause: null, reading: null },
      { code: 'material_cover', zh: '物料堆放覆盖', en: 'Materials covered', item: 'six_hundred_percent', clause: null, reading: null },
    ],
    measurements: [{ code: 'pm10', zh: 'PM10', en: 'PM10', unit: 'µg/m³', min: 0, max: 2000 }],
  },
  {
    code: 'straw_point',
    zh: '秸秆禁烧点',
    en: 'Straw point',
    facts: [],
    questions: [{ code: 'burning', zh: '有无焚烧', en: 'No burning', item: 'straw_burning', clause: null, reading: null }],
    measurements: [],
  },
]

const RULES: Rules = {
  pack: { id: 'fake', hash: '0'.repeat(64), title: '演示方案', status: 'issued' },
  kinds: KINDS,
  items: [
    { code: 'six_hundred_percent', zh: '六个百分之百', en: 'Six hundred percents', amount: { kind: 'fixed', fen: 100_000 }, count: 'measure', clause: '一（一）', photos: 1, reading: null },
    { code: 'straw_burning', zh: '秸秆焚烧', en: 'Straw burning', amount: { kind: 'fixed', fen: 500_000 }, count: 'fire_point', clause: '一（二）', photos: 1, reading: null },
  ],
  unusable_packs: [],
}

function entry(name: string, kind: string, lon: number, lat: number): RegisterEntry {
  return {
    target_id: id(), kind, code: `T-${counted}`, name, address: '人民路', point: { lon, lat }, grid: `${DISTRICT}/001/001`,
    unit_id: UNIT, supervising_department: null, responsible_person: null, facts: {}, version: 1, local: false,
  }
}

export interface FakeSetup {
  /** Begins with somebody enrolled, and unlocked where `'unlocked'`. */
  phase?: DeviceState['phase']
}

/** A core in memory. The only code is `FAKE`, the only PIN `246810`. */
export function fakeCore(setup: FakeSetup = {}): Core {
  const listeners = new Map<Topic, Set<() => void>>()
  const tell = (...topics: Topic[]) => topics.forEach((topic) => listeners.get(topic)?.forEach((heard) => heard()))
  const targets = [
    entry('人民路一号工地', 'construction_site', 113.33, 35.27),
    entry('东湖小区工地', 'construction_site', 113.34, 35.28),
    entry('西村秸秆点', 'straw_point', 113.31, 35.26),
  ]
  const drafts = new Map<string, Draft>()
  const fieldDrafts = new Map<string, FieldDraft>()
  const fireReports = new Map<string, FireReport>()
  const targetDrafts = new Map<string, TargetDraft>()
  const sealed = new Map<string, { visit: Visit; status: OwnInspection }>()
  const photos = new Map<string, Blob>()
  const orders: Order[] = [
    {
      case_id: id(), round: 1, state: 'rectified', step: null, pause: null, unit_id: UNIT, grid: `${DISTRICT}/001/001`,
      requirement: '覆盖裸露物料', ordered_at: now(), deadline: new Date(Date.now() + 86_400_000).toISOString(),
      report: { at: now(), text: '已覆盖' }, item: 'six_hundred_percent', target: targets[0]?.target_id ?? null,
      target_name: targets[0]?.name ?? null, point: targets[0]?.point ?? null, photos_before: [], records: [],
      reported_here: false,
    },
  ]
  const device: DeviceState = {
    phase: setup.phase ?? 'empty', device_name: null, users: [], user_id: null, set_aside: [], stores: 'sound', leader: true,
  }
  const addUser = () => {
    const user = { user_id: id(), name: '李巡查', district: DISTRICT, has_pin: true, waiting: 0, photos_waiting: 0 }
    device.users.push(user)
    return user
  }
  if (device.phase !== 'empty') {
    const user = addUser()
    if (device.phase === 'unlocked') device.user_id = user.user_id
  }
  const sync: SyncState = {
    running: false, doing: null, waiting: 0, held: 0, sent: 0, refused: 0, quarantined: 0, photos_waiting: 0, photos_unjudged: 0,
    photos_refused: 0, drafts: 0, register_as_of: now(), last_success: null, last_report: null,
  }
  const open = <T>(value: T): Promise<T> =>
    device.user_id === null ? Promise.reject(new CoreError('locked')) : Promise.resolve(structuredClone(value))
  const unlocked = (userId: string) => {
    device.phase = 'unlocked'
    device.user_id = userId
    tell('device')
  }
  const judge = (visit: Visit): Evaluation => {
    const failed = visit.answers.filter((answer) => answer.verdict === 'fail')
    const item = RULES.items[0]
    const amount = item?.amount.kind === 'fixed' ? item.amount.fen : 0
    return {
      pack: RULES.pack && { id: RULES.pack.id, hash: RULES.pack.hash },
      cases: item === undefined || failed.length === 0 ? [] : [{
        case_id: id(), item: item.code, zh: item.zh, en: item.en,
        charges: failed.map((answer) => ({
          charge_id: id(), measure: answer.question, question: answer.question, amount, clause: item.clause,
          reason: { because: 'measure_failed', zh: '该项措施不到位，叠加扣缴', en: 'this measure failed' },
        })),
        non_charges: [],
        photos: failed.map((answer) => ({
          question: answer.question, required: item.photos,
          present: visit.photos.filter((photo) => photo.question === answer.question).length,
        })),
      }],
      non_charges: [], total: amount * failed.length, doubts: visit.fix ? [] : ['fix_suspect'], faults: [],
    }
  }
  const recorded = (inspectionId: string, visit: Visit) => ({
    inspection_id: inspectionId, kind: visit.kind ?? 'construction_site', evaluation: judge(visit),
  })
  const near = (rows: RegisterEntry[], point?: { lon: number; lat: number }) =>
    point === undefined
      ? rows
      : rows
          .map((row) => ({ ...row, distance_metres: Math.hypot(row.point.lon - point.lon, row.point.lat - point.lat) * 1e5 }))
          .sort((a, b) => a.distance_metres - b.distance_metres)
  const done = () => (tell('work', 'sync', 'drafts'), Promise.resolve())

  return {
    device: () => Promise.resolve(structuredClone(device)),
    atOnce: () => Promise.resolve(null),
    ready: () => Promise.resolve(),
    enrol(code, deviceName) {
      if (code !== 'FAKE') {
        return Promise.reject(new CoreError('enrolment_code_invalid', [
          { code: 'enrolment_code_invalid', title: '入网码无效。', title_en: 'The enrolment code is not valid.' },
        ]))
      }
      const user = addUser()
      device.phase = 'locked'
      device.device_name = deviceName
      tell('device')
      return Promise.resolve({ user_id: user.user_id, name: user.name })
    },
    signIn: (userId) => Promise.resolve(unlocked(userId)),
    setPin: () => open(undefined),
    unlock: (userId, pin) => (pin === '246810' ? Promise.resolve(unlocked(userId)) : Promise.reject(new CoreError('wrong_pin'))),
    lock() {
      device.phase = 'locked'
      device.user_id = null
      tell('device')
      return Promise.resolve()
    },
    today: (point) =>
      open({
        targets: near(targets, point).map((target) => ({ ...target, last_visited: null })), orders, leads: [],
        coverage: [{ code: 'monthly', zh: '每月巡查', en: 'Monthly round', kind: 'construction_site', percent: 100, from: '2026-11-01', until: '2026-11-30', targets: 2, visited: 1 }],
        returned: [], refused: [], drafts: [...drafts.values()],
      }),
    search: (search) =>
      open(near(targets.filter((row) => row.name.includes(search.text) && (search.kind ?? row.kind) === row.kind), search.near)),
    target: (targetId) => open(targets.find((row) => row.target_id === targetId) ?? null),
    registerTarget(target, targetId) {
      const row: RegisterEntry = {
        ...entry(target.name, target.kind, target.point.lon, target.point.lat), facts: target.facts, version: 0, local: true,
        ...(targetId === undefined ? {} : { target_id: targetId }),
      }
      targets.push(row)
      sync.waiting += 1
      tell('register', 'sync')
      return open(row)
    },
    targetHistory: (targetId) => open([...sealed.values()].map((it) => it.status).filter((it) => it.target === targetId)),
    rules: () => open(RULES),
    checklistOf: (inspectionId) => open(KINDS.find((kind) => kind.code === sealed.get(inspectionId)?.visit.kind) ?? null),
    grids: () => open([{ path: DISTRICT, name: '马村区', unit_id: UNIT, polygon: [[[113.2, 35.2], [113.5, 35.2], [113.5, 35.4], [113.2, 35.2]]] }]),
    zones: () => open([]),
    units: () => open([{ unit_id: UNIT, name: '演示街道办事处' }]),
    mapTargets: () => open(targets),
    gridAt: () => open({ path: DISTRICT, name: '马村区', unit_id: UNIT, polygon: null }),
    nearby: () => open([]),
    drafts: () => open([...drafts.values()]),
    draft: (inspectionId) => open(drafts.get(inspectionId) ?? null),
    beginDraft(visit, replaces) {
      const draft: Draft = { inspection_id: id(), saved_at: now(), visit: structuredClone(visit), replaces: replaces ?? null }
      drafts.set(draft.inspection_id, draft)
      sync.drafts = drafts.size
      tell('drafts')
      return open(draft)
    },
    saveDraft(inspectionId, visit) {
      const before = drafts.get(inspectionId)
      const draft: Draft = { inspection_id: inspectionId, saved_at: now(), visit: structuredClone(visit), replaces: before?.replaces ?? null }
      drafts.set(inspectionId, draft)
      tell('drafts')
      return open(draft)
    },
    discardDraft: (inspectionId) => (drafts.delete(inspectionId), done()),
    evaluate: (visit) => open(judge(visit)),
    seal(inspectionId) {
      const draft = drafts.get(inspectionId)
      if (draft === undefined) return Promise.reject(new CoreError('inspection_unknown'))
      drafts.delete(inspectionId)
      const target = targets.find((row) => row.target_id === draft.visit.target)
      sealed.set(inspectionId, {
        visit: draft.visit,
        status: {
          state: 'waiting', inspection_id: inspectionId, lineage: inspectionId, replaces: draft.replaces, replaced_by: null,
          occurred_at: now(), kind: draft.visit.kind ?? target?.kind ?? 'construction_site', target: target?.target_id ?? null,
          target_name: target?.name ?? null, photos: { waiting: draft.visit.photos.length, verified: 0, refused: [] }, cases: [],
        },
      })
      sync.waiting += 1
      void done()
      return open(recorded(inspectionId, draft.visit))
    },
    async addPhoto(photo) {
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await photo.bytes.arrayBuffer()))
      const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      photos.set(sha256, photo.bytes)
      const line: PhotoEntry = {
        sha256, size: photo.bytes.size, taken_at: photo.taken_at ?? now(), point: photo.point ?? null, source: photo.source,
        question: photo.question ?? null,
      }
      return open(line)
    },
    photoClaims: () => Promise.resolve({ taken_at: null, point: null }),
    photo: (sha256) => Promise.resolve(photos.get(sha256) ?? null),
    inspections: (limit) => open([...sealed.values()].slice(0, limit).map((it) => it.status)),
    inspection(inspectionId) {
      const own = sealed.get(inspectionId)
      if (own === undefined) return Promise.reject(new CoreError('inspection_unknown'))
      return open({ visit: own.visit, status: own.status, recorded: recorded(inspectionId, own.visit) })
    },
    orders: () => open(orders),
    leads: () => open([]),
    reportRectification: done,
    recheckRectification: done,
    verifyFirePoint: done,
    fieldDraft: (subject) => open(fieldDrafts.get(subject) ?? null),
    keepFieldDraft(subject, draft) {
      if (draft === null) fieldDrafts.delete(subject)
      else fieldDrafts.set(subject, structuredClone(draft))
      return Promise.resolve()
    },
    fireReport: (inspectionId) => open(fireReports.get(inspectionId) ?? null),
    keepFireReport(inspectionId, report) {
      if (report === null) fireReports.delete(inspectionId)
      else fireReports.set(inspectionId, structuredClone(report))
      return Promise.resolve()
    },
    targetDraft: (subject) => open(targetDrafts.get(subject) ?? null),
    keepTargetDraft(subject, draft) {
      if (draft === null) targetDrafts.delete(subject)
      else targetDrafts.set(subject, structuredClone(draft))
      return Promise.resolve()
    },
    sync() {
      sync.sent += sync.waiting
      sync.waiting = 0
      sync.last_success = now()
      sealed.forEach((own) => Object.assign(own.status, { state: 'sent' }))
      tell('sync', 'work')
      return open(sync)
    },
    syncState: () => open(sync),
    log: () => open([]),
    exportLog: () => Promise.resolve(new Blob(['{}'], { type: 'application/json' })),
    originals: () => open({ photos: photos.size, bytes: 0, may_go: NOTHING, freed: NOTHING }),
    freeOriginals: () => open({ photos: photos.size, bytes: 0, may_go: NOTHING, freed: NOTHING }),
    storage: () => open({ used: 1_000_000, quota: 1_000_000_000, persisted: false }),
    persist: () => open({ used: 1_000_000, quota: 1_000_000_000, persisted: false }),
    on(topic, heard) {
      const heards = listeners.get(topic) ?? new Set()
      listeners.set(topic, heards.add(heard))
      return () => void heards.delete(heard)
    },
  }
}
