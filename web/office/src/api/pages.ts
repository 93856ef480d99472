/** Lists that a screen filters or adds up by itself: all their pages, one after another. */
import type { Api } from '@lantian/shared/api/types'
import { answer, api } from './client'

/** Rows in a page, as many as the server gives at once. */
const ROWS = '500'

export interface PageQuery {
  limit: string
  cursor?: string
}

/** Every page of a list; at least one. */
export async function everyPage<Page extends { next?: string | null }>(
  ask: (query: PageQuery) => Promise<Page>,
): Promise<[Page, ...Page[]]> {
  const pages: [Page, ...Page[]] = [await ask({ limit: ROWS })]
  for (let cursor = pages[0].next; cursor != null; cursor = pages.at(-1)?.next) {
    pages.push(await ask({ limit: ROWS, cursor }))
  }
  return pages
}

/** The district's users. */
export async function everyUser(): Promise<Api<'User'>[]> {
  const pages = await everyPage((query) => answer(api.GET('/api/v1/users', { params: { query } })))
  return pages.flatMap(({ users }) => users)
}

/** The district's devices. */
export async function everyDevice(): Promise<Api<'Device'>[]> {
  const pages = await everyPage((query) => answer(api.GET('/api/v1/devices', { params: { query } })))
  return pages.flatMap(({ devices }) => devices)
}

/** What was executed against a month. */
export async function everyExecution(month: string): Promise<Api<'Execution'>[]> {
  const ask = (query: PageQuery) => answer(api.GET('/api/v1/months/{month}/executions', { params: { path: { month }, query } }))
  return (await everyPage(ask)).flatMap(({ executions }) => executions)
}
