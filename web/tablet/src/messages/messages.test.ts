import { describe, expect, it } from 'vitest'
import { MESSAGES } from '.'

/** Dotted keys of all texts. */
function keys(messages: object, prefix = ''): string[] {
  return Object.entries(messages).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null ? keys(value as object, `${prefix}${key}.`) : [`${prefix}${key}`],
  )
}

const SOURCES = import.meta.glob<string>(['../**/*.vue', '../**/*.ts', '!../**/*.test.ts', '!../core/**', '!../worker/**', '!./zh/*', '!./en/*'], {
  eager: true,
  query: '?raw',
  import: 'default',
})

/** Keys that sources name in full: `t('area.key')` and the like. In double quotes templates name variables. */
function named(source: string, areas: readonly string[]): string[] {
  const pattern = new RegExp(`['\`]((?:${areas.join('|')})\\.[A-Za-z0-9_.]+)['\`]`, 'g')
  return [...source.matchAll(pattern)].map(([, key]) => key ?? '')
}

describe('messages', () => {
  const zh = keys(MESSAGES.zh)

  it('have the same keys in both languages', () => {
    expect(keys(MESSAGES.en).sort()).toEqual([...zh].sort())
  })

  it('take the same values in both languages', () => {
    const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
    const at = (messages: object, key: string) =>
      String(key.split('.').reduce<unknown>((some, part) => (some as Record<string, unknown>)[part], messages))
    for (const key of zh) expect(values(at(MESSAGES.en, key)), key).toEqual(values(at(MESSAGES.zh, key)))
  })

  it.each(Object.entries(SOURCES))('that %s names exist', (_path, source) => {
    const known = new Set(zh)
    const missing = named(source, Object.keys(MESSAGES.zh)).filter((key) => !known.has(key))
    expect(missing).toEqual([])
  })

  it('are the only place of Chinese texts', () => {
    const chinese = Object.entries(SOURCES)
      .filter(([path]) => path.endsWith('.vue'))
      .filter(([, source]) => /[\u4e00-\u9fff]/.test(source.replace(/\/\*[\s\S]*?\*\/|\/\/.*|<!--[\s\S]*?-->/g, '')))
      .map(([path]) => path)
    expect(chinese).toEqual([])
  })
})
