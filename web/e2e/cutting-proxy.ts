/**
 * A network that cuts connections: a TCP proxy that ends both sides after a random number of bytes, on the way there (half
 * a chunk arrives) or on the way back (the acknowledgement is lost). Its dice are seeded, so that a run can be repeated.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A small generator of numbers from 0 to 1 (mulberry32): the same seed, the same numbers. */
export function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface CuttingProxy {
  url: string
  /** Connections that were cut so far. */
  cuts(): number
  /**
   * Whether connections are cut from now on; they are from the beginning. Until one was, every answer is: a round over few
   * connections meets a cut whatever the dice say.
   */
  cutting(on: boolean): void
  /** Where connections lead from now on; with `null` nothing answers. */
  leadTo(server: string | null): void
  close(): void
}

/** Of a hundred connections so many are cut on the way there, and so many on the way back. */
const CUT_THERE = 0.6
const CUT_BACK = 0.15
/**
 * Bytes after which one is cut at most: a chunk with its head, or the first lines of an answer. (tus-js-client waits for ever
 * for the rest of an answer's body; a lost head it notices.)
 */
const MOST_THERE = 80_000
const MOST_BACK = 100

export async function cuttingProxy(server: string, seed: number): Promise<CuttingProxy> {
  const random = dice(seed)
  let target: URL | null = new URL(server)
  let cuts = true
  let cut = 0
  let cutBefore = 0
  const open = new Set<Socket>()
  const listener = createServer((client) => {
    if (target === null) {
      client.destroy()
      return
    }
    const thrown = cut > cutBefore ? random() : CUT_THERE
    const fate = cuts ? thrown : 1
    let there = fate < CUT_THERE ? Math.ceil(random() * MOST_THERE) : Infinity
    let back = fate >= CUT_THERE && fate < CUT_THERE + CUT_BACK ? Math.ceil(random() * MOST_BACK) : Infinity
    const upstream = connect(Number(target.port), target.hostname)
    const end = () => {
      client.destroy()
      upstream.destroy()
      open.delete(client)
    }
    const carry = (from: Socket, to: Socket, left: () => number, spend: (bytes: number) => void) => {
      from.on('data', (chunk: Buffer) => {
        const most = left()
        if (most === -Infinity) return
        if (chunk.length < most) {
          spend(chunk.length)
          to.write(chunk)
          return
        }
        cut += 1
        // What went before the cut arrives; then the connection is gone without a word.
        to.write(chunk.subarray(0, most), end)
        spend(Infinity)
      })
      from.on('error', end)
      from.on('close', end)
    }
    open.add(client)
    carry(client, upstream, () => there, (bytes) => (there -= bytes))
    carry(upstream, client, () => back, (bytes) => (back -= bytes))
  })
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cuts: () => cut,
    cutting: (on) => {
      cuts = on
      cutBefore = cut
    },
    leadTo: (next) => {
      target = next === null ? null : new URL(next)
      for (const socket of open) socket.destroy()
    },
    close: () => {
      for (const socket of open) socket.destroy()
      listener.close()
    },
  }
}
