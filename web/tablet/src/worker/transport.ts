/** Requests to the server that served the application. Once each: the engine decides about repeating. */

/** A chunk over a weak mobile network included. */
const CALL_MILLISECONDS = 120_000

export interface Carried {
  status: number
  headers: [string, string][]
  body: Uint8Array<ArrayBuffer>
}

/** No whole answer came. `unreachable`: the server cannot have seen it. */
export class NotCarried extends Error {
  constructor(
    readonly unreachable: boolean,
    detail: string,
  ) {
    super(detail)
  }
}

/** Carries one request, until it takes too long or is stopped. The office's cookie never goes with it: a tablet is known by its key. */
export async function carry(
  method: string,
  path: string,
  headers: [string, string][],
  body: Uint8Array<ArrayBuffer> | string | null,
  stopped?: AbortSignal,
): Promise<Carried> {
  const limit = new AbortController()
  const late = setTimeout(() => limit.abort(), CALL_MILLISECONDS)
  const stop = () => limit.abort()
  stopped?.addEventListener('abort', stop)
  try {
    return await carried(method, path, headers, body, limit.signal)
  } finally {
    clearTimeout(late)
    stopped?.removeEventListener('abort', stop)
  }
}

async function carried(
  method: string,
  path: string,
  headers: [string, string][],
  body: Uint8Array<ArrayBuffer> | string | null,
  signal: AbortSignal,
): Promise<Carried> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === null || body.length === 0 ? null : body,
      credentials: 'omit',
      redirect: 'error',
      cache: 'no-store',
      signal,
    })
  } catch (error) {
    throw new NotCarried(!(error instanceof DOMException && error.name === 'AbortError'), String(error))
  }
  try {
    return { status: response.status, headers: [...response.headers], body: new Uint8Array(await response.arrayBuffer()) }
  } catch (error) {
    throw new NotCarried(false, String(error))
  }
}
