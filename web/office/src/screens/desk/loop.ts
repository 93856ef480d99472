/** Steps of the closed loop (闭环) that a supervisor takes, and from where (docs/rectification.md). */
import type { Api } from '@lantian/shared/api/types'
import { minutesBetween } from '@lantian/shared/time'

export type LoopKind = Api<'LoopStep'>['kind']
export type Round = Api<'RoundView'>

/** How often a round may be extended. */
const EXTENSIONS_MAX = 2

const FROM: Partial<Record<Round['state'], readonly LoopKind[]>> = {
  assigned: ['extend_deadline', 'pause_rectification'],
  paused: ['resume_rectification'],
  returned: ['resume_rectification', 'order_rectification'],
  rectified: ['verify_rectification', 'fail_rectification', 'return_rectification'],
  verified: ['close_rectification'],
}

/** Which steps the present round allows; ordering where there is none yet, or another unit answers for the case now. */
export function stepsOf(
  found: { review_state: Api<'ReviewState'>; unit_id: string },
  round: Round | undefined,
): readonly LoopKind[] {
  const orders = found.review_state === 'under_review' || found.review_state === 'confirmed'
  if (!round) return orders ? ['order_rectification'] : []
  const steps = FROM[round.state] ?? []
  const allowed = steps.filter((step) => step !== 'extend_deadline' || round.extensions < EXTENSIONS_MAX)
  const moved = orders && round.unit_id !== found.unit_id && !['closed', 'withdrawn'].includes(round.state)
  return moved && !allowed.includes('order_rectification') ? [...allowed, 'order_rectification'] : allowed
}

/** What is left until the deadline; negative when it is over; nothing while no clock runs. */
export function minutesLeft(round: Round, now: Date): number | undefined {
  if (round.state !== 'assigned' || round.deadline == null) return undefined
  return minutesBetween(now, round.deadline)
}
