/**
 * What an event of the audit trail (操作审计) adds to its action, in words of the language: codes by their names, persons
 * and grids by theirs, money in yuan. What is not known here is shown as it is stored: nothing of the record is left out.
 */
import { yuan } from '@lantian/shared/money'
import { MESSAGES, language } from '@/messages'

interface Known {
  person: (id: string) => string | undefined
  grid: (path: string) => string
}

/** The text of a key, where there is one. */
function textAt(...path: string[]): string | undefined {
  let at: unknown = MESSAGES[language()]
  for (const key of path) at = typeof at === 'object' && at !== null ? Object.entries(at).find(([name]) => name === key)?.[1] : undefined
  return typeof at === 'string' ? at : undefined
}

function valueWords(key: string, value: unknown, known: Known): string {
  if (typeof value === 'number' && key === 'amount_fen') return yuan(value)
  if (typeof value === 'object') return JSON.stringify(value)
  const code = String(value)
  const words: Record<string, () => string | undefined> = {
    kind: () => textAt('codes', 'decision', code),
    state: () => textAt('codes', 'proposal', code) ?? textAt('codes', 'subsidy', code),
    role: () => textAt('codes', 'role', code),
    deed: () => textAt('trail', 'deeds', code),
    reason: () => textAt('trail', 'signInReasons', code),
    user: () => known.person(code),
    reviewer: () => known.person(code),
    grid: () => known.grid(code),
  }
  return words[key]?.() ?? code
}

/** `{ kind: 'dismiss' }` → `决定：不予认定`; empty for nothing. */
export function detailWords(of: unknown, known: Known): string {
  if (typeof of !== 'object' || of === null) return ''
  const [colon, and] = language() === 'zh' ? ['：', '；'] : [': ', '; ']
  return Object.entries(of)
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => `${textAt('trail', 'details', key) ?? key}${colon}${valueWords(key, value, known)}`)
    .join(and)
}
