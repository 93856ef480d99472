/**
 * What holds of every application's messages: both languages say the same, sources name no text that is not there, and
 * Chinese stands nowhere else. Only tests import this.
 */
import { describe, expect, it } from 'vitest'

/** Dotted keys of all texts. */
function keys(messages: object, prefix = ''): string[] {
  return Object.entries(messages).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null ? keys(value as object, `${prefix}${key}.`) : [`${prefix}${key}`],
  )
}

/** Keys that sources name in full: `t('area.key')` and the like. */
function named(source: string, areas: readonly string[], quotes: string): string[] {
  const pattern = new RegExp(`[${quotes}]((?:${areas.join('|')})\\.[A-Za-z0-9_.]+)[${quotes}]`, 'g')
  return [...source.matchAll(pattern)].map(([, key]) => key ?? '')
}

/**
 * The tests of an application's messages.
 *
 * @param messages Its texts by language.
 * @param sources Its sources by path, without tests and message files.
 * @param quotes Which quotes stand around keys in them, for a character class.
 */
export function describeMessages(messages: { zh: object; en: object }, sources: Record<string, string>, quotes: string): void {
  describe('messages', () => {
    const zh = keys(messages.zh)

    it('have the same keys in both languages', () => {
      expect(keys(messages.en).sort()).toEqual([...zh].sort())
    })

    it('take the same values in both languages', () => {
      const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
      const forms = (text: string) => text.split(' | ')
      const at = (texts: object, key: string) =>
        String(key.split('.').reduce<unknown>((some, part) => (some as Record<string, unknown>)[part], texts))
      for (const key of zh) {
        // English may have a form for one and a form for many; both take what the Chinese takes.
        for (const form of forms(at(messages.en, key))) expect(values(form), key).toEqual(values(at(messages.zh, key)))
      }
    })

    it.each(Object.entries(sources))('that %s names exist', (_path, source) => {
      const known = new Set(zh)
      const missing = named(source, Object.keys(messages.zh), quotes).filter((key) => !known.has(key))
      expect(missing).toEqual([])
    })

    it('are the only place of Chinese texts', () => {
      const chinese = Object.entries(sources)
        .filter(([path]) => path.endsWith('.vue'))
        .filter(([, source]) => /[\u4e00-\u9fff]/.test(source.replace(/\/\*[\s\S]*?\*\/|\/\/.*|<!--[\s\S]*?-->/g, '')))
        .map(([path]) => path)
      expect(chinese).toEqual([])
    })
  })
}
