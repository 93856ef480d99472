import { expect, it } from 'vitest'
import { force } from './assignments'

it.each([
  ['2026-11-23', null, 'later'],
  ['2026-11-22', null, 'now'],
  ['2024-01-01', '2026-11-22', 'now'],
  ['2024-01-01', '2026-11-21', 'past'],
] as const)('from %s until %s it is %s', (from, until, expected) => {
  expect(force({ from, until }, '2026-11-22')).toBe(expected)
})
