import { describe, expect, it } from 'vitest'
import type { Answer } from '@/core/client'
import { BOUNCE_MILLISECONDS, answerWith, dropsWork, useBounce } from './verdict'

const FAILED: Answer = { question: 'hoarding', verdict: 'fail', note: '', points: [] }

describe('a tap on a verdict', () => {
  it('that bounces is one tap, however often it bounces', () => {
    const isMeant = useBounce()
    expect(isMeant('fail', 1_000)).toBe(true)
    expect(isMeant('fail', 1_080)).toBe(false)
    expect(isMeant('fail', 1_000 + BOUNCE_MILLISECONDS - 1)).toBe(false)
    expect(isMeant('fail', 1_000 + BOUNCE_MILLISECONDS)).toBe(true)
  })

  it('on another button is meant at once', () => {
    const isMeant = useBounce()
    expect(isMeant('fail', 1_000)).toBe(true)
    expect(isMeant('pass', 1_080)).toBe(true)
    expect(isMeant('fail', 1_160)).toBe(true)
  })
})

describe('an answer', () => {
  it('that nothing hangs on is taken back unasked', () => {
    expect(dropsWork(undefined, 0, 'fail')).toBe(false)
    expect(dropsWork(FAILED, 0, undefined)).toBe(false)
    expect(dropsWork(FAILED, 0, 'pass')).toBe(false)
  })

  it.each([
    ['a note', { ...FAILED, note: '西侧缺围挡' }, 0],
    ['points', { ...FAILED, points: [{ number: 1, point: null }] }, 0],
    ['photos', FAILED, 1],
  ])('with %s is neither taken back nor changed to a pass unasked', (_, answer, photos) => {
    expect(dropsWork(answer, photos, undefined)).toBe(true)
    expect(dropsWork(answer, photos, 'pass')).toBe(true)
    expect(dropsWork(answer, photos, 'not_applicable')).toBe(true)
    expect(dropsWork({ ...answer, verdict: 'pass' }, photos, 'fail')).toBe(false)
  })

  it('keeps its note for a failure and leaves none behind it', () => {
    const noted: Answer = { ...FAILED, note: '西侧缺围挡' }
    expect(answerWith('hoarding', 'pass', noted, []).note).toBe('')
    expect(answerWith('hoarding', 'fail', { ...noted, verdict: 'pass' }, []).note).toBe('西侧缺围挡')
    expect(answerWith('hoarding', 'fail', undefined, [])).toEqual(FAILED)
  })
})
