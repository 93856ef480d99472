import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sha256 } from './sha256'

describe('SHA-256', () => {
  // Lengths around the edges of a block and of the padding.
  it.each([0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1_000, 65_537])(
    'of %i bytes is that of everybody else',
    (length) => {
      const bytes = Uint8Array.from({ length }, (_, n) => (n * 131 + length) % 256)
      expect(sha256(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'))
    },
  )

  it('of a part of a buffer is that of the part', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, n) => n % 256)
    const part = bytes.subarray(7, 207)
    expect(sha256(part)).toBe(createHash('sha256').update(part).digest('hex'))
  })
})
