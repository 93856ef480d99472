/** What goes between a tab, its worker, and the worker that owns the databases. */
import { CoreError } from '@/core/client'
import type { Problem, Topic } from '@/core/model'

export interface Call {
  id: string
  method: string
  args: unknown[]
}

export interface Failure {
  code: string
  problems: readonly Problem[]
  detail?: string
}

export type Outcome = { value: unknown } | { failure: Failure }

/** From a worker to its tab. */
export type ToTab =
  | { kind: 'answer'; id: string; outcome: Outcome }
  | { kind: 'changed'; topics: readonly Topic[] }
  /** Who owns the databases. Of another one than before, what was asked and not answered is to be asked again. */
  | { kind: 'owner'; owner: string; here: boolean }
  /** The module trapped: this worker is of no more use. */
  | { kind: 'trapped' }

/** On the channel between workers. */
export type OnChannel =
  | { kind: 'call'; call: Call }
  | { kind: 'answer'; id: string; outcome: Outcome }
  | { kind: 'changed'; topics: readonly Topic[] }
  /** An owner says that it is there; a new worker asks who it is. */
  | { kind: 'owner'; owner: string }
  | { kind: 'who' }

export const CHANNEL = 'lantian-core'
/** What a worker is called that takes the place of one that trapped. */
export const AGAIN = 'again'
/** The Web Lock of whoever owns the databases. */
export const LOCK = 'lantian-db-owner'

export function failureOf(error: unknown): Failure {
  if (error instanceof CoreError) return { code: error.code, problems: error.problems, ...(error.detail && { detail: error.detail }) }
  return { code: 'internal', problems: [], detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
}
