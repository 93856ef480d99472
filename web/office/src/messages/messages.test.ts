import { describeMessages } from '@lantian/shared/testing/messages'
import { afterEach, expect, it } from 'vitest'
import { MESSAGES, speak, text } from '.'

afterEach(() => speak('zh'))

const SOURCES = import.meta.glob<string>(['../**/*.vue', '../**/*.ts', '!../**/*.test.ts', '!./zh/*', '!./en/*'], {
  eager: true,
  query: '?raw',
  import: 'default',
})

describeMessages(MESSAGES, SOURCES, '\'"`')

it('speaks of one and of many in English', () => {
  speak('en')
  expect([0, 1, 2].map((n) => text('common.cases', { n }))).toEqual(['0 cases', '1 case', '2 cases'])
  expect(text('desk.bulkTitle', { count: 1 })).toBe('Confirm 1 case')
})
