/** A review without a mouse. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launch } from '../browser'
import { ask, cleanCases, expectClean, openDesk, signInByKeyboard, type ListedCase } from '../office'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

it('a supervisor reviews by keyboard alone, from signing in to the next case', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await signInByKeyboard(desk, 'supervisor1')
  await page.waitForURL('**/queue')
  const [first, second] = await cleanCases(desk, 'other_air')
  await page.goto('/queue?item=other_air&flagged=')
  await page.locator('main tbody tr').first().waitFor()

  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: '键盘快捷键' }).getByText('批量认定已选案件').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: '键盘快捷键' }).waitFor({ state: 'hidden' })

  // Into the list, down to the first clean case, and open it.
  await page.keyboard.press('j')
  const names = await page.locator('main tbody tr').allInnerTexts()
  const at = names.findIndex((name) => name.includes(first?.target_name ?? ''))
  for (let step = 0; step < at; step += 1) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/cases/${first?.case_id}`)
  await page.locator('.actions').waitFor()

  await page.keyboard.press('p')
  const viewer = page.getByRole('dialog', { name: '照片' })
  await viewer.locator('img').waitFor()
  await page.keyboard.press('+')
  await page.keyboard.press('r')
  expect(await viewer.locator('img').getAttribute('style')).toMatch(/rotate\(90deg\) scale\(1\.25\)/)
  await page.keyboard.press('Escape')
  await viewer.waitFor({ state: 'hidden' })

  await page.keyboard.press('c')
  await page.getByRole('dialog', { name: '认定本案' }).waitFor()
  await page.keyboard.press('Control+Enter')
  await page.waitForURL((url) => url.pathname !== `/cases/${first?.case_id}`)
  expect((await ask<ListedCase>(desk, `/api/v1/cases/${first?.case_id}`)).review_state).toBe('confirmed')

  // The next one is dismissed with the first usual reason.
  await page.goto(`/cases/${second?.case_id}`)
  await page.locator('.actions').waitFor()
  await page.keyboard.press('d')
  await page.getByRole('dialog', { name: '不予认定' }).waitFor()
  await page.keyboard.press('Alt+1')
  await page.keyboard.press('Control+Enter')
  // The queue goes on from there, or is done.
  await page.waitForURL((url) => url.pathname !== `/cases/${second?.case_id}`)
  expect((await ask<ListedCase>(desk, `/api/v1/cases/${second?.case_id}`)).review_state).toBe('dismissed')
  expectClean(desk)
})
