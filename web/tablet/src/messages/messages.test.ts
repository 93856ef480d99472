import { describeMessages } from '@lantian/shared/testing/messages'
import { MESSAGES } from '.'

const SOURCES = import.meta.glob<string>(['../**/*.vue', '../**/*.ts', '!../**/*.test.ts', '!../core/**', '!../worker/**', '!./zh/*', '!./en/*'], {
  eager: true,
  query: '?raw',
  import: 'default',
})

// In double quotes templates name variables.
describeMessages(MESSAGES, SOURCES, '\'`')
