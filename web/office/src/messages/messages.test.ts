import { describeMessages } from '@lantian/shared/testing/messages'
import { MESSAGES } from '.'

const SOURCES = import.meta.glob<string>(['../**/*.vue', '../**/*.ts', '!../**/*.test.ts', '!./zh/*', '!./en/*'], {
  eager: true,
  query: '?raw',
  import: 'default',
})

describeMessages(MESSAGES, SOURCES, '\'"`')
