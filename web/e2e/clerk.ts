/**
 * Somebody of the office without a screen: for what a tablet's story needs done, where doing it is not the story. Signs in
 * as the screens do, and writes with the token they write with.
 */
import { randomUUID } from 'node:crypto'
import { request, type APIRequestContext } from 'playwright-core'
import type { Target } from './field'
import { PASSWORD } from './office'

export interface FoundCase {
  case_id: string
  item: string
  target_name: string
  version: number
  pending: number
  posted: number
  occurred_at: string
  review_state: string
  rectification_state: string
  flags: string[]
}

export class Clerk {
  private constructor(
    private readonly http: APIRequestContext,
    private readonly csrf: string,
  ) {}

  static async of(url: string, username: string): Promise<Clerk> {
    const http = await request.newContext({ baseURL: url })
    const answer = await http.post('/api/v1/sessions', { data: { username, password: PASSWORD } })
    if (answer.status() !== 201) throw new Error(`${username} cannot sign in: ${answer.status()}`)
    const { csrf_token } = (await answer.json()) as { csrf_token: string }
    return new Clerk(http, csrf_token)
  }

  async get<Answer>(path: string): Promise<Answer> {
    const answer = await this.http.get(path)
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`)
    return (await answer.json()) as Answer
  }

  async post<Answer>(path: string, body?: object): Promise<Answer> {
    const answer = await this.http.post(path, { data: body ?? {}, headers: { 'x-csrf-token': this.csrf } })
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`)
    return (answer.status() === 204 ? undefined : await answer.json()) as Answer
  }

  async userId(username: string): Promise<string> {
    const { users } = await this.get<{ users: { user_id: string; username: string }[] }>('/api/v1/users?limit=500')
    const user = users.find((one) => one.username === username)
    if (!user) throw new Error(`nobody is called ${username}`)
    return user.user_id
  }

  /** What somebody recorded, as the server has it. */
  async casesBy(author: string): Promise<FoundCase[]> {
    return (await this.get<{ cases: FoundCase[] }>(`/api/v1/cases?author=${author}&limit=200`)).cases
  }

  decide(found: FoundCase, decision: { kind: string; reason?: string }): Promise<unknown> {
    const body = { ...decision, expected_version: found.version, request_id: randomUUID() }
    return this.post(`/api/v1/cases/${found.case_id}/decisions`, body)
  }

  close(): Promise<void> {
    return this.http.dispose()
  }
}

/** An enrolment code for an inspector, from the administrator; who that is, and where a site of a grid stands. */
export async function invite(url: string, username: string, grid: string): Promise<{ code: string; user: string; site: Target }> {
  const admin = await Clerk.of(url, 'admin')
  const user = await admin.userId(username)
  const { code } = await admin.post<{ code: string }>(`/api/v1/users/${user}/enrolment-codes`)
  const { targets } = await admin.get<{ targets: Target[] }>(`/api/v1/targets?grid=${grid}&kind=construction_site&limit=200`)
  await admin.close()
  // Other stories begin with the first ones.
  const site = targets.at(-1)
  if (!site) throw new Error(`no construction site in ${grid}`)
  return { code, user, site }
}
