/** What to tell about a fault: what happened and what to do. */
import { ApiProblem, NetworkLost } from '@/api/problem'
import { language, text } from '@/messages'

/** A problem's own detail is written for whoever reads logs; people get the sentence of the table. */
export function faultText(fault: unknown): string {
  if (fault instanceof ApiProblem) return fault.sentence(language())
  if (fault instanceof NetworkLost) return text('common.networkLost')
  return text('common.unexpected')
}

/** The number to name when asking the administrator. */
export function faultRequest(fault: unknown): string | undefined {
  return fault instanceof ApiProblem ? (fault.problem.request_id ?? undefined) : undefined
}

/** Somebody else was faster: what is on the screen is not what is on record any more. */
export function isOutdated(fault: unknown): boolean {
  return fault instanceof ApiProblem && OUTDATED.has(fault.code)
}

const OUTDATED = new Set([
  'appeal_decided',
  'appeal_not_open',
  'appeal_open',
  'case_changed',
  'case_state_forbids',
  'execution_cancelled',
  'proposal_closed',
  'proposal_open',
  'rectification_state_forbids',
  'register_changed',
  'target_changed',
])
