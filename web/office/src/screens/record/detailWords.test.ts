/** The audit trail names what happened; a code of the server that nobody translated would stand there as it is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MESSAGES } from '@/messages'
import { detailWords } from './detailWords'

const audit = readFileSync(join(import.meta.dirname, '../../../../../server/src/audit.rs'), 'utf8')
const known = { person: (id: string) => (id === 'u1' ? '王致远' : undefined), grid: (path: string) => `网格 ${path}` }

it('names every action of the server in its filter', () => {
  const codes = [...audit.matchAll(/Self::\w+ => "(\w+)"/g)].map(([, code]) => code)
  const { actions } = MESSAGES.zh.trail as { actions: object }
  expect(codes.length).toBeGreaterThan(0)
  expect(codes.filter((code) => !Object.keys(actions).includes(code ?? ''))).toEqual([])
})

it('says codes, persons, grids and money by their names', () => {
  expect(detailWords({ decision_no: 785, kind: 'order_rectification', reviewer: 'u1' }, known)).toBe(
    '决定编号：785；决定：交办整改；复核：王致远',
  )
  expect(detailWords({ state: 'paid', amount_fen: 5_000_000 }, known)).toBe('状态：已支付；金额（元）：50,000.00')
  expect(detailWords({ role: 'inspector', grid: '410804/001', user: 'u2' }, known)).toBe(
    '职责：网格员；网格：网格 410804/001；用户：u2',
  )
})

it('keeps what it does not know, and leaves out what is not there', () => {
  expect(detailWords({ month: null, new_key: 'x', past_effect: { posted: 1 } }, known)).toBe(
    'new_key：x；对以前案件的影响：{"posted":1}',
  )
  expect(detailWords(undefined, known)).toBe('')
})
