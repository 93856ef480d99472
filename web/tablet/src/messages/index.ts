/**
 * Every text of the screens, in Chinese and in English: one file for each area and language, found by its name.
 * `messages.test.ts` holds both languages to the same keys and every key in use to one that exists.
 */
import { createI18n } from 'vue-i18n'

export type Language = 'zh' | 'en'

type Area = Record<string, unknown>

const FILES = {
  zh: import.meta.glob<Area>('./zh/*.ts', { eager: true, import: 'default' }),
  en: import.meta.glob<Area>('./en/*.ts', { eager: true, import: 'default' }),
}

/** `./zh/today.ts` → `today`. */
function areas(files: Record<string, Area>): Record<string, Area> {
  return Object.fromEntries(Object.entries(files).map(([path, area]) => [path.replace(/^.*\/(.+)\.ts$/, '$1'), area]))
}

export const MESSAGES = { zh: areas(FILES.zh), en: areas(FILES.en) }

export const i18n = createI18n({
  legacy: false,
  locale: 'zh' as Language,
  fallbackLocale: 'zh',
  messages: MESSAGES as Record<Language, Record<string, never>>,
})

/** The language of the screens now. */
export function language(): Language {
  return i18n.global.locale.value as Language
}

/** Changes the language of every screen. */
export function speak(next: Language): void {
  i18n.global.locale.value = next
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
}

/** A text where no component is around. */
export function text(key: string, values: Record<string, unknown> = {}): string {
  // The library would follow every key of every message in its types here.
  const translate = (i18n.global as unknown as { t: (key: string, values: Record<string, unknown>) => string }).t
  return translate(key, values)
}

/** Of a pair of names the one of the language. */
export function named(pair: { zh: string; en: string }): string {
  return language() === 'zh' ? pair.zh : pair.en
}
