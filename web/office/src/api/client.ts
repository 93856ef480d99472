/**
 * The one way to the server: typed by the OpenAPI document, with the CSRF token on every write.
 *
 * A session that ended asks for the password over the screen as it stands and then sends the request again, so that
 * nothing typed is lost. A network that does not answer is told to the banner. It must not know any screen.
 */
import type { paths } from '@lantian/shared/api/types'
import createClient from 'openapi-fetch'
import { ApiProblem, NetworkLost, problemOf } from './problem'

/** What the client needs of the application; set once at the start. */
export interface Surroundings {
  csrfToken(): string | undefined
  /** Resolves when somebody has signed in again. */
  signInAgain(): Promise<void>
  networkAnswered(answered: boolean): void
}

let surroundings: Surroundings = {
  csrfToken: () => undefined,
  signInAgain: () => Promise.reject(new Error('nobody can sign in yet')),
  networkAnswered: () => undefined,
}

export function connectClient(to: Surroundings): void {
  surroundings = to
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

async function attempt(request: Request): Promise<Response> {
  const token = surroundings.csrfToken()
  if (token !== undefined && WRITES.has(request.method)) request.headers.set('x-csrf-token', token)
  try {
    const response = await fetch(request)
    surroundings.networkAnswered(true)
    return response
  } catch (error) {
    if (request.signal.aborted) throw error
    surroundings.networkAnswered(false)
    throw new NetworkLost()
  }
}

/** Whether the answer says that nobody is signed in; wrong passwords are 401 as well and mean something else. */
async function sessionEnded(response: Response): Promise<boolean> {
  if (response.status !== 401) return false
  const { code } = await problemOf(response.clone())
  return code === 'sign_in_required' || code === 'token_invalid'
}

/** Signing in, and asking whether somebody is: there 401 is the answer. */
function asksForSession({ url, method }: Request): boolean {
  const { pathname } = new URL(url)
  return pathname === '/api/v1/sessions/current' || (pathname === '/api/v1/sessions' && method === 'POST')
}

/** Sends a request as the screens do: also for what is not in the document (photos, files). */
export async function send(request: Request): Promise<Response> {
  const again = request.clone()
  const response = await attempt(request)
  if (asksForSession(request) || !(await sessionEnded(response))) return response
  await surroundings.signInAgain()
  return attempt(again)
}

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: send,
  // A grid's path stands in an address with its slashes encoded, which is what the default does as well.
  querySerializer: { array: { style: 'form', explode: false } },
})

/** What an answer holds, or the problem thrown. */
export async function answer<Data>(
  sent: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<NonNullable<Data>> {
  const { data, error, response } = await sent
  if (error !== undefined || !response.ok) {
    if (typeof error === 'object' && error !== null && 'code' in error && 'title' in error) {
      throw new ApiProblem(error as ConstructorParameters<typeof ApiProblem>[0])
    }
    throw await problemOf(new Response(typeof error === 'string' ? error : null, { status: response.status }))
  }
  return data as NonNullable<Data>
}
