/** Every screen that somebody's navigation offers, in both languages and both sizes: no serious fault of accessibility. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityFaults } from '../accessibility'
import { OFFICE_PC, TABLET, launch } from '../browser'
import { enter, expectClean, openDesk, type Desk } from '../office'

/** A dozen screens, one after the other. */
const SCREENS_MILLISECONDS = 180_000

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

/** Screens have what they fetch when nothing says that it is coming. */
async function settled({ page }: Desk): Promise<void> {
  await page.locator('main h1').first().waitFor()
  await page.waitForFunction(() => document.querySelector('.el-skeleton') === null)
}

describe.each([
  ['supervisor1', 'zh', OFFICE_PC],
  ['supervisor1', 'en', TABLET],
  ['liaison.macun', 'zh', TABLET],
  ['finance1', 'en', OFFICE_PC],
  ['admin', 'zh', OFFICE_PC],
] as const)('every screen of %s in %s', (user, language, viewport) => {
  it(`at ${viewport.width} × ${viewport.height} is sound`, async () => {
    const desk = await openDesk(browser, { viewport, language })
    await enter(desk, user, '/')
    await desk.page.locator('nav a').first().waitFor()
    const paths = await desk.page
      .locator('nav a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
    expect(paths.length).toBeGreaterThan(1)
    const found: Record<string, string[]> = {}
    for (const path of paths) {
      await desk.page.goto(path)
      await settled(desk)
      const wrong = await accessibilityFaults(desk.page)
      if (wrong.length > 0) found[path] = wrong
    }
    expect(found).toEqual({})
    expectClean(desk)
  }, SCREENS_MILLISECONDS)
})

it('no text is left in the other language when English is spoken', async () => {
  const desk = await openDesk(browser, { language: 'en' })
  await enter(desk, 'supervisor1', '/queue')
  await settled(desk)
  const chrome = await desk.page.locator('nav, [role=tablist], thead').allInnerTexts()
  expect(chrome.join(' ')).not.toMatch(/[\u4e00-\u9fff]/)
})
