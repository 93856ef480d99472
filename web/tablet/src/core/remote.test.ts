import { describe, expect, it } from 'vitest'
import type { ToTab } from '@/worker/rpc'
import { Remote } from './remote'

/** A worker that says what the test has it say. */
class Said {
  onmessage?: (event: { data: ToTab }) => void
  onerror?: () => void
  ended = false
  readonly asked: unknown[] = []
  postMessage = (call: unknown) => void this.asked.push(call)
  terminate = () => (this.ended = true)
}

describe('a worker whose module trapped in a round of its own', () => {
  it('is ended, and another one is started that knows it', () => {
    const started: [Said, boolean][] = []
    const remote = new Remote((again) => {
      const worker = new Said()
      started.push([worker, again])
      return worker as unknown as Worker
    })
    let told = 0
    remote.on('device', () => (told += 1))
    started[0]?.[0].onmessage?.({ data: { kind: 'trapped' } })
    expect(started.map(([{ ended }, again]) => [ended, again])).toEqual([
      [true, false],
      [false, true],
    ])
    expect(told, 'screens look who is unlocked').toBe(1)
  })
})
