import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import type { PhotoEntry } from '@/core/client'
import { LIFTED_MILLISECONDS, SIGNATURE_PIXELS, lacksSignature, useSignature } from './signature'

const DRAWING: PhotoEntry = { sha256: 'd', size: 1, taken_at: '2026-11-23T02:00:00Z', point: null, source: 'drawing', question: null }

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A pad whose pictures are numbered, and what was kept of them. */
function pad(keep: (picture: Blob) => Promise<unknown> = () => Promise.resolve()) {
  const kept: string[] = []
  let pictures = 0
  const scope = effectScope()
  const signature = scope.run(() =>
    useSignature(
      () => Promise.resolve(new Blob([`${++pictures}`])),
      async (picture) => {
        kept.push(await picture.text())
        await keep(picture)
      },
    ),
  )
  if (!signature) throw new Error('no scope')
  return { ...signature, kept, scope }
}

describe('a signature', () => {
  it('is kept once the finger stays lifted, and not between two strokes', async () => {
    const { draw, lift, kept } = pad()
    draw(SIGNATURE_PIXELS)
    lift()
    await vi.advanceTimersByTimeAsync(LIFTED_MILLISECONDS - 1)
    draw(20)
    lift()
    await vi.advanceTimersByTimeAsync(LIFTED_MILLISECONDS - 1)
    expect(kept).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(kept).toEqual(['1'])
  })

  it('is kept at once when the pad is left, and once only', async () => {
    const { draw, lift, leave, kept } = pad()
    draw(SIGNATURE_PIXELS)
    lift()
    await leave()
    expect(kept).toEqual(['1'])
    await leave()
    await vi.advanceTimersByTimeAsync(LIFTED_MILLISECONDS)
    expect(kept).toEqual(['1'])
  })

  it('that is no more than a touch is kept only when it is taken', async () => {
    const { draw, lift, leave, take, kept } = pad()
    draw(SIGNATURE_PIXELS - 1)
    lift()
    await vi.advanceTimersByTimeAsync(LIFTED_MILLISECONDS)
    await leave()
    expect(kept).toEqual([])
    await take()
    expect(kept).toEqual(['1'])
  })

  it('that was wiped off before it was kept is not kept', async () => {
    const { draw, lift, clear, leave, kept } = pad()
    draw(SIGNATURE_PIXELS)
    lift()
    clear()
    await vi.advanceTimersByTimeAsync(LIFTED_MILLISECONDS)
    await leave()
    expect(kept).toEqual([])
  })

  it('with more strokes is kept after the one before, which it waits for', async () => {
    let done = (): void => undefined
    const { draw, leave, kept } = pad(() => new Promise<void>((resolve) => (done = resolve)))
    draw(SIGNATURE_PIXELS)
    void leave()
    await vi.waitFor(() => expect(kept).toEqual(['1']))
    draw(20)
    const left = leave()
    expect(kept).toEqual(['1'])
    done()
    await vi.waitFor(() => expect(kept).toEqual(['1', '2']))
    done()
    await left
  })

  it('is missing where somebody signed and nothing was drawn', () => {
    const visit = { answers: [], measurements: [], photos: [] }
    const site_representative = { outcome: 'signed', name: '赵五' } as const
    expect(lacksSignature(visit)).toBe(false)
    expect(lacksSignature({ ...visit, site_representative: { outcome: 'refused', note: '' } })).toBe(false)
    expect(lacksSignature({ ...visit, site_representative })).toBe(true)
    expect(lacksSignature({ ...visit, site_representative, photos: [{ ...DRAWING, source: 'camera' }] })).toBe(true)
    expect(lacksSignature({ ...visit, site_representative, photos: [DRAWING] })).toBe(false)
  })
})
