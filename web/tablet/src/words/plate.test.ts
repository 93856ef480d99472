import { describe, expect, it } from 'vitest'
import type { Question, Visit } from '@/core/client'
import { asksPlate, plateIn, withPlate, withoutPlate } from './plate'

it('a plate is the first line of the notes and nothing else changes', () => {
  const notes = withPlate('向北行驶', '豫H·12345')
  expect(notes).toBe('车牌号：豫H·12345\n向北行驶')
  expect(plateIn(notes)).toBe('豫H·12345')
  expect(withoutPlate(notes)).toBe('向北行驶')
})

it('it is replaced, and taken away when it is empty', () => {
  expect(withPlate(withPlate('向北行驶', '豫H·1'), '豫H·2')).toBe('车牌号：豫H·2\n向北行驶')
  expect(withPlate(withPlate('向北行驶', '豫H·1'), '')).toBe('向北行驶')
  expect(withPlate(undefined, '无牌')).toBe('车牌号：无牌')
})

it('notes that only mention a plate have none', () => {
  expect(plateIn('无法看清\n车牌号：豫H·12345')).toBe('')
  expect(plateIn(undefined)).toBe('')
})

describe('a plate is asked for', () => {
  const question = (code: string, item: string): Question => ({ code, item, zh: code, en: code, clause: null, reading: null })
  const SITE = [question('hoarding', 'site_dust'), question('licensed_trucks', 'muck_truck')]
  const visit = (kind: string, ...fails: string[]): Visit => ({
    kind,
    answers: fails.map((code) => ({ question: code, verdict: 'fail', note: '', points: [] })),
    measurements: [],
    photos: [],
  })

  it('at the question of a site that failed for its trucks, and by no other', () => {
    expect(asksPlate(visit('construction_site', 'licensed_trucks'), 'construction_site', SITE)).toBe('licensed_trucks')
    expect(asksPlate(visit('construction_site', 'hoarding'), 'construction_site', SITE)).toBeUndefined()
  })

  it('at the top for a vehicle that is in no register, whatever fails', () => {
    expect(asksPlate(visit('vehicle'), undefined, [question('licensed', 'muck_truck')])).toBeNull()
    expect(asksPlate(visit('vehicle', 'licensed'), undefined, [question('licensed', 'muck_truck')])).toBeNull()
  })

  it('not for a vehicle of the register', () => {
    expect(asksPlate(visit('vehicle', 'licensed'), 'vehicle', [question('licensed', 'muck_truck')])).toBeUndefined()
  })

  it('at the top where one stands in the notes and no question asks any more', () => {
    expect(asksPlate({ ...visit('construction_site'), notes: withPlate('', '豫H·1') }, 'construction_site', SITE)).toBeNull()
  })
})
