import { describe, expect, it } from 'vitest'
import type { Coverage, Lead, OwnInspection, Today } from '@/core/client'
import { openLeads } from './fire'
import { cameBackToday, dueTargets } from './today'

const DUTY = { kind: 'road', from: '2026-11-01', until: '2026-11-30' } as Coverage

const target = (name: string, kind: string, last_visited: string | null) => ({ name, kind, last_visited }) as Today['targets'][number]

describe('targets of the day', () => {
  it('are due where a duty wants them and this period had no visit, in the order they came', () => {
    const targets = [
      target('visited', 'road', '2026-11-20T01:00:00Z'),
      target('never', 'road', null),
      target('of no duty', 'boiler', null),
      // One minute before November in Shanghai, and its first one.
      target('last period', 'road', '2026-10-31T15:59:00Z'),
      target('this period', 'road', '2026-10-31T16:00:00Z'),
    ]
    const { due, others } = dueTargets({ targets, coverage: [DUTY] })
    expect(due.map(({ name }) => name)).toEqual(['never', 'last period'])
    expect(others.map(({ name }) => name)).toEqual(['visited', 'of no duty', 'this period'])
  })

  it('are none of them due where there is no duty', () => {
    expect(dueTargets({ targets: [target('road', 'road', null)], coverage: [] }).due).toEqual([])
  })
})

describe('what came back', () => {
  it('is not what was corrected since', () => {
    const own = (inspection_id: string, replaced_by: string | null) => ({ inspection_id, replaced_by }) as OwnInspection
    const back = cameBackToday({ returned: [own('returned', null)], refused: [own('corrected', 'other'), own('refused', null)] })
    expect(back.map(({ inspection_id }) => inspection_id)).toEqual(['returned', 'refused'])
  })
})

describe('leads', () => {
  it('are open until one was verified', () => {
    const lead = (state: Lead['state']) => ({ state }) as Lead
    expect(openLeads([lead('confirmed'), lead('lead'), lead('not_found')])).toEqual([lead('lead')])
  })
})
