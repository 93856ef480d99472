/**
 * What the core tells and takes: plain data, spelt as `sync-core` spells it (snake_case), so that nothing is translated
 * twice. Instants are RFC 3339 in UTC, days `YYYY-MM-DD`, money integer fen, places WGS-84 degrees, ids UUIDs.
 */

export type Instant = string
export type Day = string
export type Fen = number

export interface Point {
  lon: number
  lat: number
}

/** A GNSS fix (定位) as the platform reported it. A browser never knows whether it is a mock position. */
export interface Fix {
  point: Point
  /** Radius of 68 % confidence in metres. */
  accuracy_metres: number
  fixed_at: Instant
  /** `gnss`, `network`, `browser`, `manual` … */
  provider: string
  mock: 'yes' | 'no' | 'unknown'
}

/** A stable problem code with its sentences, as the server and the device store say them. */
export interface Problem {
  code: string
  title: string
  title_en: string
  field?: string
  detail?: string
}

// The device and its users.

export interface DeviceUser {
  user_id: string
  name: string
  district: string
  /** Whether this user can unlock offline. Without a PIN the user signs in with network. */
  has_pin: boolean
  /** Operations and photos that wait on this tablet: all that anybody else sees of this user's work. */
  waiting: number
  photos_waiting: number
}

export interface DeviceState {
  /** `empty`: nobody is enrolled. `locked`: nobody is unlocked. */
  phase: 'empty' | 'locked' | 'unlocked'
  device_name: string | null
  users: DeviceUser[]
  /** Who is unlocked. */
  user_id: string | null
  /** Files that were damaged and set aside when the user's stores were opened; the user must be told. */
  set_aside: string[]
  /**
   * `missing`: this user worked here before and the databases are gone (the browser cleared its storage): never an empty
   * district. The register comes back by a sync, unsent work does not, and the screen has to say so.
   */
  stores: 'sound' | 'missing'
  /** Whether this tab owns the databases or calls the tab that does. Both work the same. */
  leader: boolean
}

// The register.

export type FactValue = boolean | number | string

export interface Target {
  target_id: string
  kind: string
  code: string | null
  name: string
  address: string
  point: Point
  grid: string
  unit_id: string
  supervising_department: string | null
  responsible_person: string | null
  facts: Record<string, FactValue>
}

/** A target as this tablet knows it: the server's version with this user's own changes over it. */
export interface RegisterEntry extends Target {
  /** The server's version; 0 for one registered here and not yet in the register. */
  version: number
  /** Whether it has changes of this user that the register does not show yet. */
  local: boolean
  distance_metres?: number
}

export interface Search {
  /** Name, register number or pinyin initials; empty lists. */
  text: string
  /** Nearest first where given. */
  near?: Point
  kind?: string
}

export interface NewTarget {
  kind: string
  name: string
  point: Point
  grid: string
  /** The grid's own unit where absent. */
  unit_id?: string
  code?: string
  address?: string
  supervising_department?: string
  responsible_person?: string
  facts: Record<string, FactValue>
}

export interface Grid {
  path: string
  name: string
  unit_id: string
  /** Rings of `[lon, lat]`, the first the outer one. */
  polygon: [number, number][][] | null
}

export interface Zone {
  zone_id: string
  kind: 'built_up_area' | 'no_burn' | 'fireworks_prohibited'
  name: string
  polygon: [number, number][][]
  from: Day
  until: Day | null
}

export interface Unit {
  unit_id: string
  name: string
}

/** A target as the map draws it. */
export interface MapTarget {
  target_id: string
  kind: string
  name: string
  point: Point
}

// The rules: kinds, checklists and items of the pack in force.

export interface Named {
  code: string
  zh: string
  en: string
}

export type FactType =
  | 'flag'
  | 'text'
  | 'date'
  | { number: { unit: string; min: number; max: number } }
  | { choice: Named[] }

export interface Fact extends Named {
  type: FactType
  required: boolean
}

export interface Question extends Named {
  item: string
  /** Document, section and item, where it is not the item's own clause. */
  clause: string | null
  reading: string | null
}

export interface MeasurementType extends Named {
  unit: string
  /** Outside of these the number cannot be right; it is taken and flagged. */
  min: number
  max: number
}

export interface Kind extends Named {
  facts: Fact[]
  questions: Question[]
  measurements: MeasurementType[]
}

export interface Item extends Named {
  amount: { kind: 'fixed'; fen: Fen } | { kind: 'entered' | 'accountability' | 'none' }
  count: 'case' | 'measure' | 'fire_point'
  clause: string
  /** Photos that each failed question needs. */
  photos: number
  reading: string | null
}

export interface Rules {
  /** The pack in force here today; `null` where none is, and then findings are recorded without charges. */
  pack: { id: string; hash: string; title: string; status: 'draft' | 'issued' } | null
  kinds: Kind[]
  items: Item[]
  /** Pulled packs that this build cannot use: charges shown may be incomplete. */
  unusable_packs: string[]
}

// Visits.

export type Verdict = 'pass' | 'fail' | 'not_applicable'

export interface Answer {
  question: string
  verdict: Verdict
  note: string
  /** Fire points, numbered from 1, where the item counts them. */
  points: { number: number; point: Point | null }[]
}

export interface Measurement {
  code: string
  value: number
}

export type SiteRepresentative =
  | { outcome: 'signed'; name: string }
  | { outcome: 'refused'; note: string }
  | { outcome: 'absent' }

/** `drawing`: a signature that was drawn on the tablet. */
export type PhotoSource = 'camera' | 'gallery' | 'drawing'

/** A line of a photo manifest. */
export interface PhotoEntry {
  sha256: string
  /** Bytes of the original. */
  size: number
  taken_at: Instant
  point: Point | null
  source: PhotoSource
  /** The question it is evidence for; the whole visit when `null`. */
  question: string | null
}

/** A visit as far as it is given; everything may be absent in a draft. */
export interface Visit {
  kind?: string
  /** Absent for a spot (地点). */
  target?: string
  /** The grid of a spot that no drawn grid contains. */
  grid?: string
  /** Now, where absent when it is sealed. */
  occurred_at?: Instant
  fix?: Fix
  /** The point that was looked at, where it is not where the tablet was. */
  observed?: Point
  place?: string
  answers: Answer[]
  measurements: Measurement[]
  notes?: string
  second_inspector?: string
  site_representative?: SiteRepresentative
  photos: PhotoEntry[]
}

export interface Draft {
  inspection_id: string
  saved_at: Instant
  visit: Visit
  /** The own inspection that this draft corrects. */
  replaces: string | null
}

/** A photo to keep. `bytes` is the untouched original; the manifest line comes back when it is durable. */
/** When and where a picture says that it was taken (EXIF). */
export interface PhotoClaims {
  taken_at: Instant | null
  point: Point | null
}

export interface NewPhoto {
  bytes: Blob
  source: PhotoSource
  question?: string
  /** What the picture says of itself comes before this; now, where neither is known. */
  taken_at?: Instant
  point?: Point
}

// What follows from a visit.

export interface Reason {
  /** Stable word, such as `found`, `measure_failed`, `outside_zone`. */
  because: string
  zh: string
  en: string
}

export interface Charge {
  charge_id: string
  measure: string
  question: string
  /** `null`: a supervisor enters it. */
  amount: Fen | null
  clause: string
  reason: Reason
}

export interface NonCharge {
  question: string
  reason: Reason
}

export interface ProposedCase {
  case_id: string
  item: string
  zh: string
  en: string
  charges: Charge[]
  non_charges: NonCharge[]
  /** Failed questions that lack photos, with how many the pack wants and how many there are. */
  photos: { question: string; required: number; present: number }[]
}

export interface Evaluation {
  pack: { id: string; hash: string } | null
  cases: ProposedCase[]
  non_charges: NonCharge[]
  /** Sum of the fixed amounts. */
  total: Fen
  /** What a supervisor will have to settle: `fix_suspect`, `measurement_suspect` … Never a reason to refuse. */
  doubts: string[]
  /** What would keep the visit from being sealed now. */
  faults: Problem[]
}

export interface Recorded {
  inspection_id: string
  kind: string
  evaluation: Evaluation
}

// What became of it.

export type SentState =
  | { state: 'waiting' }
  | { state: 'held'; missing: { what: 'target' | 'inspection' | 'photo'; id: string }[] }
  | { state: 'sent' }
  | { state: 'quarantined' }
  | ({ state: 'refused' } & Refusal)

export interface Refusal {
  code: string
  field: string | null
  zh: string
  en: string
}

export type ReviewState = 'awaiting_evidence' | 'under_review' | 'confirmed' | 'returned' | 'dismissed' | 'merged'

export type RectificationState =
  | 'none'
  | 'assigned'
  | 'rectified'
  | 'verified'
  | 'closed'
  | 'supervision'
  | 'summons'
  | 'accountability'

export interface Case {
  case_id: string
  lineage: string
  inspection_id: string
  author: string
  item: string
  target_id: string | null
  point?: Point
  grid: string
  unit_id: string
  occurred_at: Instant
  review_state: ReviewState
  rectification_state: RectificationState
  flags: string[]
  version: number
  /** The last decision's reason (return, dismissal). */
  reason: string | null
  charges: { charge_id: string; measure: string; amount: Fen | null; state: 'pending' | 'posted' | 'void'; clause: string }[]
}

export type OwnInspection = SentState & {
  inspection_id: string
  lineage: string
  replaces: string | null
  replaced_by: string | null
  occurred_at: Instant
  kind: string
  target: string | null
  target_name: string | null
  photos: { waiting: number; verified: number; refused: Refusal[] }
  cases: Case[]
}

export type OwnRecord = SentState & {
  op_id: string
  kind: string
  occurred_at: Instant
}

/** A round of rectification (整改) that is to be reported or re-checked. */
export interface Order {
  case_id: string
  round: number
  state: 'assigned' | 'paused' | 'returned' | 'rectified' | 'verified' | 'failed' | 'withdrawn'
  step: 'supervision' | 'summons' | 'accountability' | null
  pause: 'deferred' | 'on_the_books' | null
  unit_id: string
  grid: string
  requirement: string
  ordered_at: Instant
  deadline: Instant | null
  report: { at: Instant; text: string } | null
  item: string | null
  target: string | null
  target_name: string | null
  point: Point | null
  distance_metres?: number
  /** Photos of the own inspection that found it, as "before"; empty where another inspector did. */
  photos_before: string[]
  records: OwnRecord[]
  /** Whether the report that stands is the user's own: another person finds it in order. */
  reported_here: boolean
}

/** A fire point lead (火点线索). */
export interface Lead {
  fire_point_id: string
  source: 'satellite' | 'video' | 'drone'
  point: Point
  grid: string
  seen_at: Instant
  note: string
  state: 'lead' | 'confirmed' | 'not_found'
  inspection_id: string | null
  distance_metres?: number
  records: OwnRecord[]
}

export interface FieldRecord {
  text: string
  photos: PhotoEntry[]
  fix?: Fix
}

/** A field record that is being written. */
export interface FieldDraft {
  text: string
  photos: PhotoEntry[]
  /** The verdict of a re-check; absent while there is none. */
  passed?: boolean
}

/** What the draft of a quick report of a fire (快报) is for, besides its visit. */
export interface FireReport {
  /** The lead that it verifies. */
  lead: string | null
}

/** A new target that is being filled in (see {@link NewTarget}). */
export interface TargetDraft {
  /** The id that it will have. */
  target_id?: string
  kind?: string
  name: string
  /** Picked on the map; where the tablet is, while absent. */
  point?: Point
  /** Chosen by hand; the one around the point, while absent. */
  grid?: string
  address: string
  responsible_person: string
  /** As typed; an empty text is none. */
  facts: Record<string, FactValue>
}

/** A duty of coverage (覆盖率) in its present period, as far as this tablet knows: own visits only. */
export interface Coverage extends Named {
  kind: string
  percent: number
  from: Day
  until: Day
  targets: number
  visited: number
}

/** An open case near a place, or an own one not sent yet, that a finding may be the same as (疑似重复). */
export interface Nearby {
  case_id: string
  item: string
  occurred_at: Instant
  target_name: string | null
  distance_metres: number
  own: boolean
}

export interface Today {
  /** The nearest targets, due or not (`words/today.ts` tells them apart). */
  targets: (RegisterEntry & { last_visited: Instant | null })[]
  orders: Order[]
  leads: Lead[]
  coverage: Coverage[]
  /** Own inspections with a returned case, or that the server refused. */
  returned: OwnInspection[]
  refused: OwnInspection[]
  drafts: Draft[]
}

// Sync.

export interface SyncState {
  /** Whether a round runs now, and what it is doing. */
  running: boolean
  doing: 'access' | 'push' | 'pull' | 'photos' | null
  waiting: number
  held: number
  sent: number
  refused: number
  quarantined: number
  photos_waiting: number
  photos_unjudged: number
  photos_refused: number
  drafts: number
  /** How fresh the register is; `null` before the first pull. */
  register_as_of: Instant | null
  /** When a round last got everything done that it tried. */
  last_success: Instant | null
  last_report: SyncReport | null
}

export interface SyncReport {
  applied: number
  duplicate: number
  quarantined: number
  photos_sent: number
  photos_verified: number
  pulled_rows: number
  failures: SyncFailure[]
  stopped: boolean
}

export interface SyncFailure {
  undertaking: 'access' | 'push' | 'pull' | 'snapshot' | 'compare' | 'photos'
  /** `transport`, `refused`, `not_our_server`, `operation_unreadable`, `endless_restart`, `photo_unreadable`, `other_user`. */
  reason: string
  status?: number
  problem?: Problem | null
}

export interface LogLine {
  op_id: string
  device_seq: number
  kind: string
  subject: string
  occurred_at: Instant
  state: SentState['state']
  /** Why, where it was refused. */
  refusal: Refusal | null
}

export interface Storage {
  /** Bytes. */
  used: number | null
  quota: number | null
  /** `false`: the browser may clear it, so sync often and say so. */
  persisted: boolean
}

/** Photos and their bytes. */
export interface PhotoSum {
  photos: number
  bytes: number
}

/** Originals of the unlocked user's photos on this tablet. */
export interface Originals extends PhotoSum {
  /** Those that the server has verified and a backup has. */
  may_go: PhotoSum
  /** Those that left for that reason so far. */
  freed: PhotoSum
}

/** What may have changed: screens that show it ask again. */
export type Topic = 'device' | 'register' | 'rules' | 'drafts' | 'work' | 'sync'
