import { describe, expect, it } from 'vitest'
import { Intention, uuid } from './ids'

describe('ids', () => {
  it('are UUIDs of version 7, in the order of their time', () => {
    const earlier = uuid(1_000_000_000_000)
    expect(earlier).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(earlier < uuid(1_000_000_000_001)).toBe(true)
  })
})

describe('an intention', () => {
  it('keeps its id while the content is the same', () => {
    const intention = new Intention()
    const first = intention.idFor({ kind: 'confirm', expected_version: 3 })
    expect(intention.idFor({ kind: 'confirm', expected_version: 3 })).toBe(first)
  })
  it('gets another id with other content, and once it is done', () => {
    const intention = new Intention()
    const first = intention.idFor({ reason: 'a' })
    const second = intention.idFor({ reason: 'b' })
    expect(second).not.toBe(first)
    intention.done()
    expect(intention.idFor({ reason: 'b' })).not.toBe(second)
  })
})
