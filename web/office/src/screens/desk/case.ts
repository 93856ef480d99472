/** A case in full as the screens hold it, and which decisions its state allows (`services/decide_case/rules.rs`). */
import type { Api } from '@lantian/shared/api/types'

export type CaseSummary = Api<'CaseSummary'>
export type CaseDetail = Api<'CaseDetail'>
export type DecisionKind = Api<'DecisionKind'>
export type ReviewState = Api<'ReviewState'>

/** Kinds that a supervisor starts on a case's page. */
export type OfferedKind = Extract<
  DecisionKind,
  | 'confirm'
  | 'return'
  | 'dismiss'
  | 'settle'
  | 'enter_amounts'
  | 'adjust'
  | 're_evaluate'
  | 're_attribute'
  | 'evidence_unobtainable'
  | 'accept_amendment'
  | 'refuse_amendment'
>

const UNDECIDED: readonly ReviewState[] = ['awaiting_evidence', 'under_review']
const STANDING: readonly ReviewState[] = ['awaiting_evidence', 'under_review', 'returned', 'confirmed']

const ALLOWED: Record<OfferedKind, readonly ReviewState[]> = {
  confirm: ['under_review'],
  return: UNDECIDED,
  dismiss: STANDING,
  settle: UNDECIDED,
  enter_amounts: UNDECIDED,
  adjust: ['confirmed'],
  // A return that its author cannot answer any more is taken back by it.
  re_evaluate: [...UNDECIDED, 'returned'],
  re_attribute: STANDING,
  evidence_unobtainable: ['awaiting_evidence'],
  accept_amendment: ['confirmed', 'dismissed'],
  refuse_amendment: ['confirmed', 'dismissed', 'merged'],
}

/** Doubts that a supervisor settles in words; duplicates are merged or kept apart, corrections accepted or refused. */
export function settleable(found: CaseDetail): Api<'Flag'>[] {
  return found.flags.filter((flag) => flag !== 'duplicate_proposed' && flag !== 'amends_decided')
}

/** While an appeal (申诉) is open, only its outcome moves the case's money (docs/appeals.md). */
const HELD_BY_APPEAL: readonly OfferedKind[] = ['dismiss', 're_attribute', 'adjust', 'accept_amendment']

export function appealOpen(found: CaseDetail): boolean {
  return found.appeals.some(({ state }) => state === 'open')
}

/** Whether a decision of this kind can be started on the case as it stands. */
export function offers(found: CaseDetail, kind: OfferedKind): boolean {
  if (found.proposal?.state === 'open' || !ALLOWED[kind].includes(found.review_state)) return false
  if (HELD_BY_APPEAL.includes(kind) && appealOpen(found)) return false
  switch (kind) {
    case 'settle':
      return settleable(found).length > 0
    case 'enter_amounts':
      return found.charges.some(({ amount }) => amount == null)
    case 'adjust':
      return found.charges.some(({ state }) => state === 'posted')
    case 'accept_amendment':
    case 'refuse_amendment':
      return found.amendment != null
    default:
      return true
  }
}

/** Why a case that is under review cannot be confirmed yet; a key below confirmBlocked in the desk's messages. */
export function confirmBlocked(found: CaseDetail): string | undefined {
  if (found.proposal?.state === 'open') return 'proposal'
  if (found.review_state === 'awaiting_evidence') return 'evidence'
  if (found.flags.includes('duplicate_proposed')) return 'duplicate'
  if (found.flags.length > 0) return 'flags'
  if (found.amount_missing) return 'amount'
  return undefined
}

/** Cases that may be confirmed together with others, unseen but for their line. */
export function confirmable(row: CaseSummary): boolean {
  return row.review_state === 'under_review' && row.flags.length === 0 && !row.amount_missing
}

/** Whether a decision of this kind needs a second person. */
export function needsTwo(found: CaseDetail, kind: OfferedKind): boolean {
  if (kind === 'enter_amounts' || kind === 'adjust' || kind === 'accept_amendment') return true
  return kind === 'dismiss' && found.posted !== 0
}
