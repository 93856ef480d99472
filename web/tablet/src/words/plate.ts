/**
 * The number plate (车牌号) of a vehicle that is in no register: the first line of the notes, in Chinese as the office reads
 * it, since an inspection itself has no facts (facts are the register's).
 */
import type { Question, Visit } from '@/core/client'

const NAME = '车牌号'
const LINE = new RegExp(`^${NAME}：(.*)(?:\\n|$)`)

/** The plate that the notes name. */
export function plateIn(notes: string | undefined): string {
  return LINE.exec(notes ?? '')?.[1] ?? ''
}

/** The notes without the plate's line. */
export function withoutPlate(notes: string | undefined): string {
  return (notes ?? '').replace(LINE, '')
}

/** Notes that name this plate, or none where it is empty. */
export function withPlate(notes: string | undefined, plate: string): string {
  const rest = withoutPlate(notes)
  const named = plate.replace(/\s+/g, ' ').trimStart()
  if (named === '') return rest
  return `${NAME}：${named}${rest === '' ? '' : `\n${rest}`}`
}

/** The item that is about a truck wherever it is met. */
const TRUCKS = 'muck_truck'

/**
 * Where a visit asks for the plate: at the question that failed for a truck, at the top (`null`) where the whole visit is
 * about a vehicle or a plate stands in the notes already, and nowhere where the register knows the vehicle.
 */
export function asksPlate(visit: Visit, target: string | undefined, questions: readonly Question[]): string | null | undefined {
  if (target !== 'vehicle') {
    if (visit.kind === 'vehicle') return null
    const failed = visit.answers.filter(({ verdict }) => verdict === 'fail').map(({ question }) => question)
    const aboutTruck = questions.find(({ code, item }) => item === TRUCKS && failed.includes(code))
    if (aboutTruck) return aboutTruck.code
  }
  return plateIn(visit.notes) === '' ? undefined : null
}
