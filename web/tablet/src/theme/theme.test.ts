import { describe, expect, it } from 'vitest'
import tokens from './tokens.css?raw'

/** WCAG 2.2: enhanced contrast, which sunlight asks for. */
const DAY_RATIO = 7
const NIGHT_RATIO = 7

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

const [DAY = '', NIGHT = ''] = tokens.split(':root.night')

function token(theme: string, name: string): string {
  const found = new RegExp(`${name}:\\s*(#[0-9a-f]{6})`).exec(theme)
  if (!found?.[1]) throw new Error(`no colour ${name}`)
  return found[1]
}

const PAIRS = [
  ['--ink', '--paper'],
  ['--ink', '--ground'],
  ['--ink', '--chosen'],
  ['--ink-soft', '--paper'],
  ['--ink-soft', '--ground'],
  ['--primary', '--paper'],
  ['--primary', '--ground'],
  ['--primary', '--primary-tint'],
  ['--on-primary', '--primary'],
  ['--good', '--paper'],
  ['--good', '--good-tint'],
  ['--on-good', '--good'],
  ['--warn', '--paper'],
  ['--warn', '--warn-tint'],
  ['--bad', '--paper'],
  ['--bad', '--bad-tint'],
  ['--on-bad', '--bad'],
  ['--quiet', '--quiet-tint'],
  ['--on-quiet', '--quiet'],
  ['--on-bar', '--bar'],
] as const

describe('contrast', () => {
  it.each(PAIRS)('by day of %s on %s is 7:1 or better', (ink, ground) => {
    expect(contrast(token(DAY, ink), token(DAY, ground))).toBeGreaterThanOrEqual(DAY_RATIO)
  })
  it.each(PAIRS)('by night of %s on %s is 7:1 or better', (ink, ground) => {
    expect(contrast(token(NIGHT, ink), token(NIGHT, ground))).toBeGreaterThanOrEqual(NIGHT_RATIO)
  })
})

it('a target of touch is 56 pixels at least', () => {
  expect(Number(/--touch:\s*(\d+)px/.exec(tokens)?.[1])).toBeGreaterThanOrEqual(56)
})
