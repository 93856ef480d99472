/** A failed call in sentences: the server's and the store's own where they have some, ours for what only the tablet knows. */
import type { CoreError, Problem } from '@/core/client'
import { named } from '@/messages'

const OWN: Record<string, string> = {
  wrong_pin: 'enrol.wrong',
  pin_blocked: 'enrol.blocked',
  pin_weak: 'enrol.weak',
  locked: 'common.locked',
  user_unknown: 'enrol.userUnknown',
  recovery_failed: 'enrol.recoveryFailed',
  newer_schema: 'enrol.newerSchema',
  unreachable: 'common.unreachable',
  unsupported: 'common.unsupportedWhy',
  storage_full: 'common.storageFull',
  interrupted: 'common.interrupted',
}

/** Fields that an inspector fills in, by their path in what is recorded; a list's numbers are left out. */
const FIELDS: Record<string, string> = {
  kind: 'register.kind',
  target: 'inspect.target',
  grid: 'register.grid',
  occurred_at: 'inspect.occurred',
  fix: 'place.fix',
  'fix.point': 'place.fix',
  observed: 'register.place',
  place: 'inspect.place',
  answers: 'inspect.checklist',
  'answers.question': 'inspect.checklist',
  'answers.note': 'inspect.note',
  'answers.points': 'inspect.firePoints',
  measurements: 'inspect.measurements',
  'measurements.value': 'inspect.measurements',
  notes: 'inspect.notes',
  second_inspector: 'inspect.second',
  'site_representative.name': 'inspect.repName',
  'site_representative.note': 'inspect.repNote',
  photos: 'inspect.photos',
  'photos.sha256': 'inspect.photos',
  'photos.question': 'inspect.photos',
  name: 'register.name',
  address: 'register.address',
  point: 'register.place',
  facts: 'register.facts',
  responsible_person: 'register.person',
  password: 'enrol.password',
}

/** What a field is called on the screen; its path where no screen has it. */
export function fieldName(path: string, t: (key: string) => string): string {
  const key = FIELDS[path.replace(/\[\d+\]/g, '')] ?? (path.startsWith('facts.') ? FIELDS.facts : undefined)
  return key === undefined ? path : t(key)
}

/** The sentence of a problem, with the name of its field. */
export function problemSentence({ title, title_en, field }: Problem, t: (key: string) => string): string {
  const said = named({ zh: title, en: title_en })
  return field ? `${said} (${fieldName(field, t)})` : said
}

export function faultSentences(fault: CoreError, t: (key: string) => string): string[] {
  const said = fault.problems.map((problem) => problemSentence(problem, t))
  if (said.length > 0) return [...new Set(said)]
  const own = OWN[fault.code]
  return [own === undefined ? `${t('common.failed')} (${fault.code})` : t(own)]
}
