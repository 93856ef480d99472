/**
 * What a decision would make of a case's charges, for people to look at before they ask for it or agree to it. It
 * computes with what the request names only: what a pack or a level would make of a case is the evaluator's to say.
 */
import type { Api } from '@lantian/shared/api/types'

export type Charge = Api<'ChargeView'>
type DecisionKind = Api<'DecisionKind'>
/** Decisions that screens of money start. */
export type MoneyKind = Extract<
  DecisionKind,
  'dismiss' | 'adjust' | 're_attribute' | 'appeal_uphold' | 'appeal_reduce' | 'appeal_reverse'
>
/** Those that one person decides. */
export const ONE_PERSON: ReadonlySet<string> = new Set<MoneyKind>(['re_attribute', 'appeal_uphold'])

type Amounts = readonly Api<'EnteredAmount'>[]

/** A line of a comparison: what stands, and what would; nothing where the server alone can tell. */
export interface Change {
  key: string
  name: string
  unit: string
  before: number
  after: number | undefined
}

/** Kinds after which nothing of a case is charged. */
const TAKES_BACK = new Set(['dismiss', 'appeal_reverse'])
/** Kinds that change no amount. */
const LEAVES = new Set(['re_attribute', 'appeal_uphold'])
/** Kinds that name amounts. */
const SETS_AMOUNTS = new Set(['adjust', 'enter_amounts', 'appeal_reduce'])

/** The charges that stand: those that were dropped do not count. */
export function standing(charges: readonly Charge[]): Charge[] {
  return charges.filter(({ state }) => state !== 'void')
}

/** Each charge before and after a decision of this kind, which names these amounts. */
export function changesOf(
  kind: string,
  named: Amounts,
  charges: readonly Charge[],
  nameOf: (charge: Charge) => string,
  unitAfter?: string,
): Change[] {
  const amounts = new Map(named.map(({ charge_id, amount }) => [charge_id, amount]))
  const after = (charge: Charge): number | undefined => {
    const present = charge.amount ?? 0
    if (TAKES_BACK.has(kind)) return 0
    if (SETS_AMOUNTS.has(kind)) return amounts.size === 0 ? undefined : (amounts.get(charge.charge_id) ?? present)
    return LEAVES.has(kind) ? present : undefined
  }
  const lines = standing(charges).map((charge) => ({
    key: charge.charge_id,
    name: nameOf(charge),
    unit: charge.unit_name,
    before: charge.amount ?? 0,
    after: after(charge),
  }))
  if (kind !== 're_attribute' || unitAfter === undefined) return lines
  return [
    ...lines.map((line) => ({ ...line, after: 0 })),
    ...lines.map((line) => ({ ...line, key: `${line.key} to`, unit: unitAfter, before: 0, after: line.before })),
  ]
}

/** The sum before and after; nothing where a line is not known. */
export function sumOf(changes: readonly Change[]): { before: number; after: number | undefined } {
  const before = changes.reduce((sum, line) => sum + line.before, 0)
  const after = changes.reduce<number | undefined>(
    (sum, line) => (sum === undefined || line.after === undefined ? undefined : sum + line.after),
    0,
  )
  return { before, after }
}
