/** Versions of policy packs as screens speak of them. */
import type { Api } from '@lantian/shared/api/types'
import { force, type Force } from './assignments'

export type PackVersion = Api<'PackVersion'>

const HASH_SHOWN = 8

/** The first digits of a version, enough to tell it from others by eye. */
export function shortHash(hash: string): string {
  return hash.slice(0, HASH_SHOWN)
}

/** The days on which the district follows it: the adoption's dates replace the document's. */
export function adoptionDays(pack: PackVersion): { from: string; until: string | null } | undefined {
  if (pack.adoption == null) return undefined
  return {
    from: pack.adoption.from ?? pack.effective_from ?? '',
    until: pack.adoption.until ?? pack.effective_until ?? null,
  }
}

export function adoptionForce(pack: PackVersion, today: string): Force | 'none' {
  const days = adoptionDays(pack)
  return days ? force(days, today) : 'none'
}
