/**
 * A slow network before the server: what is asked for by `Range` comes in small parts, and from one part on nothing comes
 * any more, that part cut off in its middle. What it carried is on record.
 */
import { createServer, request, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PartProxy {
  url: string
  /** Where the parts began that were asked for since the start. */
  parts(): number[]
  /** So many more parts arrive whole; the one after them breaks off, and the network is gone. */
  breakAfter(parts: number): void
  /** The network is there again, for as long as one likes. */
  mend(): void
  close(): void
}

export function partProxy(server: string, partBytes: number): Promise<PartProxy> {
  const target = new URL(server)
  const parts: number[] = []
  let left = Infinity
  const smaller = (headers: IncomingHttpHeaders): IncomingHttpHeaders => {
    const first = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
    parts.push(first)
    return { ...headers, range: `bytes=${first}-${first + partBytes - 1}` }
  }
  const listener = createServer((asked, answer) => {
    if (left < 0) {
      asked.socket.destroy()
      return
    }
    const inParts = asked.headers.range !== undefined
    if (inParts) left -= 1
    const headers = inParts ? smaller(asked.headers) : asked.headers
    const { hostname, port } = target
    const passed = request({ hostname, port, method: asked.method, path: asked.url, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      if (left >= 0) {
        response.pipe(answer)
        return
      }
      response.once('data', (bytes: Buffer) => answer.write(bytes.subarray(0, bytes.length / 2), () => asked.socket.destroy()))
    })
    passed.on('error', () => asked.socket.destroy())
    asked.pipe(passed)
  })
  return new Promise((done) => {
    listener.listen(0, '127.0.0.1', () =>
      done({
        url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
        parts: () => [...parts],
        breakAfter: (more) => (left = more),
        mend: () => (left = Infinity),
        close: () => {
          listener.close()
          listener.closeAllConnections()
        },
      }),
    )
  })
}
