/** A file into a register: first a preview of every row, then the run of exactly that preview. */
import type { Api } from '@lantian/shared/api/types'
import { send } from '@/api/client'
import { problemOf } from '@/api/problem'

export const REGISTERS = ['targets', 'units', 'grids', 'zones', 'users', 'history'] as const
export type RegisterName = (typeof REGISTERS)[number]

/** Registers that also come and go as GeoJSON. */
export const WITH_MAP: readonly RegisterName[] = ['grids', 'zones']

/** What the server takes at most. */
export const FILE_MAX_BYTES = 20 * 1024 * 1024

export type ImportAnswer = Api<'ImportAnswer'>
export type ImportedRow = ImportAnswer['rows'][number]

export interface Run {
  digest: string
  skipBadRows: boolean
}

/** Without a run it is only a preview, and nothing is written. */
export async function importFile(register: RegisterName, file: Blob, run?: Run): Promise<ImportAnswer> {
  const address = new URL(`/api/v1/imports/${register}`, location.origin)
  if (run) {
    address.searchParams.set('dry_run', 'false')
    address.searchParams.set('digest', run.digest)
    if (run.skipBadRows) address.searchParams.set('skip_bad_rows', 'true')
  }
  const response = await send(
    new Request(address, { method: 'POST', body: file, headers: { 'content-type': 'application/octet-stream' } }),
  )
  if (!response.ok) throw await problemOf(response)
  return (await response.json()) as ImportAnswer
}
