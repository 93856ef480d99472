/** What can go wrong with a request: the server's problem (problem+json), or no answer at all. */
import type { Api } from '@lantian/shared/api/types'
import type { Language } from '@/messages'

/** The server refused; `code` is stable and what screens branch on. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'

  constructor(readonly problem: Api<'Problem'>) {
    super(`${problem.code} (${problem.status})`)
  }

  get code(): string {
    return this.problem.code
  }

  /** The field that the problem is about, as the request names it. */
  get field(): string | undefined {
    return this.problem.field ?? undefined
  }

  /** The sentence for people, from the server's table. */
  sentence(language: Language): string {
    return language === 'zh' ? this.problem.title : this.problem.title_en
  }
}

/** No answer came: whether the request was done is not known. Sending it again with the same id is safe. */
export class NetworkLost extends Error {
  override readonly name = 'NetworkLost'

  constructor() {
    super('no answer from the server')
  }
}

/** A problem made of whatever a server or a proxy before it answered. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => undefined)
  if (typeof body === 'object' && body !== null && 'code' in body && 'title' in body) {
    return new ApiProblem(body as Api<'Problem'>)
  }
  return new ApiProblem({
    type: 'about:blank',
    code: 'unreadable_answer',
    status: response.status,
    title: `服务器返回了无法识别的内容（${response.status}），请稍后重试。`,
    title_en: `The server's answer cannot be read (${response.status}); try again later.`,
  })
}
