/**
 * The core as screens call it. Every call goes to the worker that owns the databases, in this tab or another; a promise
 * that resolves means that what was asked is durable. Nothing here judges, evaluates or decides: that is `sync-core`.
 *
 * A call fails with a {@link CoreError}, whose code screens branch on and whose sentences they show.
 */
import type {
  Draft,
  DeviceState,
  Evaluation,
  FieldDraft,
  FieldRecord,
  FireReport,
  Grid,
  Kind,
  Lead,
  LogLine,
  MapTarget,
  Nearby,
  NewPhoto,
  NewTarget,
  Order,
  Originals,
  OwnInspection,
  PhotoClaims,
  PhotoEntry,
  Point,
  Problem,
  Recorded,
  RegisterEntry,
  Rules,
  Search,
  Storage,
  SyncState,
  Target,
  TargetDraft,
  Today,
  Topic,
  Unit,
  Visit,
  Zone,
} from './model'

export type * from './model'

/** Codes that only the tablet itself knows; every other one is of the server's problem table. */
export type OwnCode =
  /** The PIN does not open the stores. */
  | 'wrong_pin'
  /** Too many wrong PINs: sign in with network, nothing is lost. */
  | 'pin_blocked'
  /** The PIN is too short or too plain. */
  | 'pin_weak'
  /** Nobody is unlocked. */
  | 'locked'
  /** Nobody of this id is enrolled here. */
  | 'user_unknown'
  /** The server's recovery key does not open the stores: it was restored from an older backup. The PIN still does. */
  | 'recovery_failed'
  /** The register is damaged; it was set aside, or will be at the next opening, and comes anew. */
  | 'damaged'
  /** A newer version of the application wrote the stores. */
  | 'newer_schema'
  /** There is no network, or no server of this product answers. */
  | 'unreachable'
  /** The browser lacks what the tablet needs, such as a secure context. */
  | 'unsupported'
  /** The storage is full. Nothing was recorded. */
  | 'storage_full'
  /** The worker failed; it was started again and the call may be repeated. */
  | 'interrupted'
  | 'internal'

/** Why a call failed. Nothing was recorded by half. */
export class CoreError extends Error {
  constructor(
    readonly code: OwnCode | (string & {}),
    /** Sentences to show, Chinese in `title`, English in `title_en`; several where several fields are wrong. */
    readonly problems: readonly Problem[] = [],
    readonly detail?: string,
  ) {
    super(detail ?? code)
    this.name = 'CoreError'
  }
}

/** Fewest digits of a PIN. */
export const PIN_MIN_DIGITS = 6

export interface Core {
  // The device and its users. Everything but these needs somebody unlocked.

  device(): Promise<DeviceState>
  /** The same, known at once where no tab owns the databases yet and so nobody is unlocked; nothing elsewhere. */
  atOnce(): Promise<DeviceState | null>
  /** Resolves once databases can be opened; fails where they cannot, with the reason. */
  ready(): Promise<void>
  /** Spends an enrolment code (入网码). The user signs in once before anything else. Needs network. */
  enrol(code: string, deviceName: string): Promise<{ user_id: string; name: string }>
  /** Signs in by password and unlocks, also after a forgotten PIN: nothing is lost. Needs network. */
  signIn(userId: string, password: string): Promise<void>
  /** Sets or changes the PIN of the unlocked user. */
  setPin(pin: string): Promise<void>
  /** Unlocks offline. */
  unlock(userId: string, pin: string): Promise<void>
  lock(): Promise<void>

  // The register and the rules.

  today(near?: Point): Promise<Today>
  search(search: Search): Promise<RegisterEntry[]>
  target(targetId: string): Promise<RegisterEntry | null>
  /** Under this id, of which there is then one whatever is repeated. */
  registerTarget(target: NewTarget, targetId?: string): Promise<Target>
  /** Own visits and pulled cases of a target, newest first. */
  targetHistory(targetId: string): Promise<OwnInspection[]>
  rules(): Promise<Rules>
  /** The kind by the pack that judged this own inspection. */
  checklistOf(inspectionId: string): Promise<Kind | null>
  grids(): Promise<Grid[]>
  zones(): Promise<Zone[]>
  units(): Promise<Unit[]>
  /** Targets within bounds `[west, south, east, north]`, at most `limit`. */
  mapTargets(bounds: [number, number, number, number], limit: number): Promise<MapTarget[]>
  /** The deepest drawn grid that contains a place. */
  gridAt(point: Point): Promise<Grid | null>
  /** What a finding of this item here may be the same as. */
  nearby(item: string, point: Point, target?: string): Promise<Nearby[]>

  // Visits.

  drafts(): Promise<Draft[]>
  draft(inspectionId: string): Promise<Draft | null>
  /** Begins a draft; `replaces` makes it a correction of an own inspection, with what that one said. */
  beginDraft(visit: Visit, replaces?: string): Promise<Draft>
  /** Saves the whole visit as it stands, as a new draft where there is none of this id. Durable when it resolves; call at every change. */
  saveDraft(inspectionId: string, visit: Visit): Promise<Draft>
  discardDraft(inspectionId: string): Promise<void>
  /** What would follow if the visit were sealed now: charges with clauses and reasons, doubts, and what is missing. */
  evaluate(visit: Visit, replaces?: string): Promise<Evaluation>
  /** Seals the draft as an inspection, or as a correction where it replaces one. The draft ends with it. */
  seal(inspectionId: string): Promise<Recorded>
  /** Keeps an original: encrypted and durable when it resolves. The caller puts the line in the visit. */
  addPhoto(photo: NewPhoto): Promise<PhotoEntry>
  /** What a picture that is not kept yet says of itself. */
  photoClaims(picture: Blob): Promise<PhotoClaims>
  /** The original of a photo that was kept on this tablet; `null` where it is not here. */
  photo(sha256: string): Promise<Blob | null>

  // What became of it.

  /** The newest, at most so many. */
  inspections(limit?: number): Promise<OwnInspection[]>
  /** What an own inspection said, to show it or to begin its correction. */
  inspection(inspectionId: string): Promise<{ visit: Visit; recorded: Recorded; status: OwnInspection }>
  orders(near?: Point): Promise<Order[]>
  leads(near?: Point): Promise<Lead[]>
  reportRectification(caseId: string, record: FieldRecord): Promise<void>
  recheckRectification(caseId: string, passed: boolean, record: FieldRecord): Promise<void>
  /** `inspectionId` is the own inspection that records the fire; `null` where there was none. */
  verifyFirePoint(firePointId: string, inspectionId: string | null, record: FieldRecord): Promise<void>

  /** What is being written about an order or a lead (`subject`) and is not recorded yet; `null` where nothing is. */
  fieldDraft(subject: string): Promise<FieldDraft | null>
  /** Keeps it in place of what was kept, encrypted and durable when it resolves; `null` lets go of it. */
  keepFieldDraft(subject: string, draft: FieldDraft | null): Promise<void>
  /** What this draft, or what became of it, was begun for in the screen of fires; `null` where it was begun elsewhere. */
  fireReport(inspectionId: string): Promise<FireReport | null>
  /** As {@link keepFieldDraft}. */
  keepFireReport(inspectionId: string, report: FireReport | null): Promise<void>
  /** The new target that is being filled in, for an inspection (`subject`) or for itself; `null` where there is none. */
  targetDraft(subject: string): Promise<TargetDraft | null>
  /** As {@link keepFieldDraft}. */
  keepTargetDraft(subject: string, draft: TargetDraft | null): Promise<void>

  // Sync and storage.

  /** Begins a round, or joins the one that runs; resolves when it is over. What failed is in the report. */
  sync(): Promise<SyncState>
  syncState(): Promise<SyncState>
  log(): Promise<LogLine[]>
  /** The log of the last operations with their states, as a file to hand over; it has no findings in it. */
  exportLog(): Promise<Blob>
  storage(): Promise<Storage>
  originals(): Promise<Originals>
  /** Removes the originals that may go; others go by themselves when the storage fills. */
  freeOriginals(): Promise<Originals>
  /** Asks the browser not to clear the storage; the answer may be `persisted: false`. */
  persist(): Promise<Storage>

  /** Hears what changed, from whichever tab. Returns how to stop. */
  on(topic: Topic, heard: () => void): () => void
}
