import { afterEach, describe, expect, it, vi } from 'vitest'
import { answer, api, connectClient } from './client'
import { ApiProblem, NetworkLost } from './problem'

const ENDED = { type: 'x', code: 'sign_in_required', status: 401, title: '请先登录。', title_en: 'Sign in first.' }

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}

/** A server that gives these answers in turn, and remembers what it was asked. */
function server(...answers: (Response | Error)[]): Request[] {
  const asked: Request[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(request)
    const next = answers.shift()
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? json(500, {}))
  })
  return asked
}

afterEach(() => vi.unstubAllGlobals())

describe('the client', () => {
  it('sends the CSRF token with writes, and with nothing else', async () => {
    connectClient({ csrfToken: () => 'token', signInAgain: () => Promise.reject(new Error()), networkAnswered: () => undefined })
    const asked = server(json(200, []), json(204, null))
    await answer(api.GET('/api/v1/units'))
    await api.PUT('/api/v1/account/password', { body: { current: 'a', new: 'b' } })
    expect(asked.map(({ headers }) => headers.get('x-csrf-token'))).toEqual([null, 'token'])
  })

  it('asks to sign in again when the session has ended, and sends the same once more with the new token', async () => {
    let token = 'old'
    connectClient({
      csrfToken: () => token,
      signInAgain: () => {
        token = 'new'
        return Promise.resolve()
      },
      networkAnswered: () => undefined,
    })
    const asked = server(json(401, ENDED), json(200, []))
    await answer(api.PUT('/api/v1/account/password', { body: { current: 'a', new: 'b' } }))
    expect(asked.map(({ headers }) => headers.get('x-csrf-token'))).toEqual(['old', 'new'])
    expect(await asked[1]?.json()).toEqual({ current: 'a', new: 'b' })
  })

  it('does not take a wrong password for an ended session', async () => {
    connectClient({ csrfToken: () => undefined, signInAgain: () => Promise.reject(new Error()), networkAnswered: () => undefined })
    server(json(401, { ...ENDED, code: 'wrong_credentials' }))
    const failed = answer(api.POST('/api/v1/sessions', { body: { username: 'a', password: 'b' } }))
    await expect(failed).rejects.toSatisfy((fault) => fault instanceof ApiProblem && fault.code === 'wrong_credentials')
  })

  it('tells a network that does not answer from a server that refuses', async () => {
    const answered: boolean[] = []
    connectClient({ csrfToken: () => undefined, signInAgain: () => Promise.reject(new Error()), networkAnswered: (did) => answered.push(did) })
    server(new TypeError('Failed to fetch'), json(409, { ...ENDED, code: 'case_changed', status: 409 }))
    await expect(answer(api.GET('/api/v1/units'))).rejects.toBeInstanceOf(NetworkLost)
    await expect(answer(api.GET('/api/v1/units'))).rejects.toBeInstanceOf(ApiProblem)
    expect(answered).toEqual([false, true])
  })

  it('reads an answer that is no problem of ours as one', async () => {
    connectClient({ csrfToken: () => undefined, signInAgain: () => Promise.reject(new Error()), networkAnswered: () => undefined })
    server(new Response('<html>Bad Gateway</html>', { status: 502 }))
    const failed = answer(api.GET('/api/v1/units'))
    await expect(failed).rejects.toSatisfy((fault) => fault instanceof ApiProblem && fault.code === 'unreadable_answer')
  })
})
