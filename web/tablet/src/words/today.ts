/** What of the day's lists is to be done, by what the core tells of them. */
import { day } from '@lantian/shared/time'
import type { OwnInspection, Today } from '@/core/client'

type Target = Today['targets'][number]

/** Of the nearest targets those that a duty wants visited and that were not in its present period, and all others. */
export function dueTargets({ targets, coverage }: Pick<Today, 'targets' | 'coverage'>): { due: Target[]; others: Target[] } {
  const isDue = ({ kind, last_visited }: Target) =>
    coverage.some((duty) => duty.kind === kind && (last_visited === null || day(last_visited) < duty.from))
  return { due: targets.filter(isDue), others: targets.filter((target) => !isDue(target)) }
}

/** What was returned or refused and that nothing was done about yet. */
export function cameBackToday({ returned, refused }: Pick<Today, 'returned' | 'refused'>): OwnInspection[] {
  return [...returned, ...refused].filter(({ replaced_by }) => replaced_by === null)
}
