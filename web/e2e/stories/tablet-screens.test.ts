/** Every screen of the tablet, in both languages and themes: no serious fault of accessibility, nothing too small for a glove. */
import type { Page } from 'playwright-core'
import { expect, inject, it } from 'vitest'
import { accessibilityFaults, smallTargets } from '../accessibility'
import { PHONE, TABLET_UPRIGHT, expectClean, openTablet } from '../inspector'
import { visitEveryScreen } from '../tablet-screens'

const SCREENS_MILLISECONDS = 240_000

/** A finger in a glove. */
const TOUCH_PIXELS = 56

/** What is wider than the screen would have to be pushed aside with a finger. */
async function overflow(page: Page): Promise<string[]> {
  const [wide, screen] = await page.evaluate(() => {
    const main = document.querySelector('main') ?? document.body
    return [main.scrollWidth, main.clientWidth] as const
  })
  return wide > screen ? [`${wide} pixels wide on ${screen}`] : []
}

/** Texts of the app itself; names of people, places and sites are data and stay as they are. */
async function chineseLeft(page: Page): Promise<string[]> {
  const texts = await page
    .locator('nav a, footer button, .van-button, .choice:not([lang]), .field .name, .chip')
    .allInnerTexts()
  return texts.filter((text) => /[\u4e00-\u9fff]/.test(text))
}

it.each([
  ['zh', TABLET_UPRIGHT, { username: 'inspector4', grid: '410804/004' }, 40_000],
  ['en', PHONE, { username: 'inspector3', grid: '410804/003' }, 41_000],
] as const)('every screen in %s is sound by day and by night', async (language, viewport, post, seed) => {
  const tablet = await openTablet({ language, viewport, seed })
  const { page } = tablet
  const found: Record<string, string[]> = {}
  const seen: string[] = []
  await visitEveryScreen(tablet, post, inject('url'), async (screen) => {
    seen.push(screen)
    const wrong = [...(await accessibilityFaults(page)), ...(await smallTargets(page, TOUCH_PIXELS)), ...(await overflow(page))]
    if (language === 'en') wrong.push(...(await chineseLeft(page)))
    await page.evaluate(() => document.documentElement.classList.add('night'))
    wrong.push(...(await accessibilityFaults(page)).map((fault) => `by night: ${fault}`))
    await page.evaluate(() => document.documentElement.classList.remove('night'))
    if (wrong.length > 0) found[screen] = wrong
  })
  expect(found).toEqual({})
  expect(seen.length).toBeGreaterThan(20)
  expectClean(tablet)
  await tablet.context.close()
}, SCREENS_MILLISECONDS)
