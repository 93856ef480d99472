import { describe, expect, it } from 'vitest'
import tokens from './tokens.css?raw'
import { ELEMENTS } from './elements'

const SOURCES = import.meta.glob<string>('../**/*.vue', { eager: true, query: '?raw', import: 'default' })

/** `el-date-picker` → `ElDatePicker`. */
function component(tag: string): string {
  return tag.replace(/(^|-)(\w)/g, (_all, _dash, letter: string) => letter.toUpperCase())
}

describe('parts of Element Plus', () => {
  it.each(Object.entries(SOURCES))('that %s uses are registered', (_path, source) => {
    const used = [...source.matchAll(/<(el-[a-z-]+)/g)].map(([, tag]) => component(tag ?? ''))
    expect(used.filter((name) => !(name in ELEMENTS))).toEqual([])
  })
})

/** Relative luminance (WCAG 2.2) of `#rrggbb`. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

function token(name: string): string {
  const found = new RegExp(`${name}:\\s*(#[0-9a-f]{6})`).exec(tokens)
  if (!found?.[1]) throw new Error(`no colour ${name}`)
  return found[1]
}

describe('contrast', () => {
  it.each([
    ['--ink', '--paper'],
    ['--ink-soft', '--ground'],
    ['--ink-faint', '--ground'],
    ['--ink-faint', '--hover'],
    ['--primary', '--paper'],
    ['--primary', '--hover'],
    ['--paper', '--primary'],
    ['--primary-dark', '--chosen'],
    ['--primary-dark', '--primary-tint'],
    ['--header-soft', '--header'],
    ['--good', '--good-tint'],
    ['--warn', '--warn-tint'],
    ['--bad', '--bad-tint'],
    ['--bad', '--chosen'],
    ['--quiet', '--quiet-tint'],
    ['--violet', '--violet-tint'],
    ['--paper', '--good'],
    ['--paper', '--warn'],
    ['--paper', '--bad'],
    ['--el-disabled-text-color', '--paper'],
  ])('of %s on %s is 4.5:1 or better', (ink, ground) => {
    expect(contrast(token(ink), token(ground))).toBeGreaterThanOrEqual(4.5)
  })
})
