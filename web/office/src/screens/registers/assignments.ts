/** Assignments (任职) by the day: which hold, which are past, which are to come. */
import type { Api } from '@lantian/shared/api/types'

export type Assignment = Api<'Assignment'>
export type Role = Api<'Role'>

export const ROLES: readonly Role[] = ['inspector', 'supervisor', 'liaison', 'finance', 'administrator']

export const LEVELS: readonly Api<'DiscoveryLevel'>[] = [
  'national',
  'provincial',
  'municipal',
  'district',
  'township',
  'self_check',
]

/** Roles that hold in a grid with all below it; the others hold in the whole district. */
export const WITH_GRID: readonly Role[] = ['inspector', 'supervisor']

export type Force = 'past' | 'now' | 'later'

export function force({ from, until }: { from: string; until?: string | null }, today: string): Force {
  if (from > today) return 'later'
  return until != null && until < today ? 'past' : 'now'
}
