/** A failed call in sentences: the server's and the store's own where they have some, ours for what only the tablet knows. */
import type { CoreError } from '@/core/client'
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

export function faultSentences(fault: CoreError, t: (key: string) => string): string[] {
  const said = fault.problems.map(({ title, title_en }) => named({ zh: title, en: title_en }))
  if (said.length > 0) return [...new Set(said)]
  const own = OWN[fault.code]
  return [own === undefined ? `${t('common.failed')} (${fault.code})` : t(own)]
}
