import { describe, expect, it } from 'vitest'
import type { Case, OwnInspection } from '@/core/client'
import { cameBack, delivered, reasonOf } from './own'

const CASE: Case = {
  case_id: 'c',
  lineage: 'i',
  inspection_id: 'i',
  author: 'u',
  item: 'site_dust',
  target_id: null,
  grid: '410804',
  unit_id: 'n',
  occurred_at: '2026-11-22T10:00:00Z',
  review_state: 'under_review',
  rectification_state: 'none',
  flags: [],
  version: 1,
  reason: null,
  charges: [],
}

function own(some: object): OwnInspection {
  return {
    state: 'sent',
    inspection_id: 'i',
    lineage: 'i',
    replaces: null,
    replaced_by: null,
    occurred_at: '2026-11-22T10:00:00Z',
    kind: 'construction_site',
    target: null,
    target_name: null,
    photos: { waiting: 0, verified: 1, refused: [] },
    cases: [],
    ...some,
  } as OwnInspection
}

describe('an own inspection', () => {
  it('that was returned says why, and asks for something', () => {
    const returned = own({ cases: [{ ...CASE, review_state: 'returned', reason: '照片看不清' }] })
    expect(reasonOf(returned)).toBe('照片看不清')
    expect(cameBack(returned)).toBe(true)
  })

  it('asks for nothing once it was corrected', () => {
    const returned = own({ replaced_by: 'j', cases: [{ ...CASE, review_state: 'returned', reason: '照片看不清' }] })
    expect(cameBack(returned)).toBe(false)
  })

  it('that was refused says what the server said', () => {
    const refused = own({ state: 'refused', code: 'grid_unknown', field: null, zh: '网格不存在', en: 'no such grid' })
    expect(reasonOf(refused)).toBe('网格不存在')
    expect(cameBack(refused)).toBe(true)
    expect(delivered(refused)).toBe(false)
  })

  it('is not delivered while a photo of it waits', () => {
    expect(delivered(own({ photos: { waiting: 1, verified: 0, refused: [] } }))).toBe(false)
    expect(delivered(own({}))).toBe(true)
  })
})
