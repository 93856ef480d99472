/**
 * A person at an office PC: a browser page that is signed in, and watched. A page that asks another host, runs what the
 * content security policy forbids, or fails in a script fails its story.
 */
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { OFFICE_PC } from './browser'
import { watch } from './watch'

export { expectClean } from './watch'

export const PASSWORD = 'lantian-demo'

export interface Desk {
  page: Page
  context: BrowserContext
  /** What went wrong on the page so far, besides answers that a story expects. */
  faults: string[]
}

export async function openDesk(
  browser: Browser,
  options: { viewport?: { width: number; height: number }; language?: 'zh' | 'en' } = {},
): Promise<Desk> {
  const url = inject('url')
  const context = await browser.newContext({
    baseURL: url,
    viewport: options.viewport ?? OFFICE_PC,
    locale: 'zh-CN',
    timezoneId: 'Europe/Berlin',
  })
  if (options.language === 'en') {
    await context.addInitScript(() => localStorage.setItem('lantian.language', 'en'))
  }
  const page = await context.newPage()
  const faults: string[] = []
  watch(page, url, faults)
  return { page, context, faults }
}

/** Signs in by hand, as people do. */
export async function signIn(desk: Desk, username: string, to = '/'): Promise<void> {
  const { page } = desk
  await page.goto(to)
  await page.locator('input[name=username]').fill(username)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
  await page.locator('main#content').waitFor()
}

/** Signs in by a request, where signing in is not the story. */
export async function enter(desk: Desk, username: string, to: string): Promise<void> {
  const answer = await desk.page.request.post('/api/v1/sessions', { data: { username, password: PASSWORD } })
  expect(answer.status()).toBe(201)
  await desk.page.goto(to)
  await desk.page.locator('main#content').waitFor()
}

/** How long a screen may take on a machine with other work, for `expect.poll`. */
export const SOON = { timeout: 10_000 }

/** How often somebody without a mouse would press Tab before giving up. */
const TABS_MAX = 80

/** Moves the keyboard on, as somebody without a mouse does, until it stands on what is meant. */
export async function tabTo(target: Locator): Promise<void> {
  const { keyboard } = target.page()
  await target.waitFor()
  for (let pressed = 0; pressed < TABS_MAX; pressed += 1) {
    if (await target.evaluate((element) => element.contains(document.activeElement))) return
    await keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${target.toString()}`)
}

/** Waits until the keyboard stands there by itself, as when a dialog opens. */
export async function hasKeyboard(target: Locator): Promise<void> {
  await expect.poll(() => target.evaluate((element) => element === document.activeElement), SOON).toBe(true)
}

/** Chooses a file in the browser's own dialog, which a key opens. */
export async function pickByKeyboard(input: Locator, file: string): Promise<void> {
  // Listened for before the walk there: a dialog that opens before the browser knows that somebody listens is not told.
  const opened = input.page().waitForEvent('filechooser')
  const [chooser] = await Promise.all([opened, tabTo(input).then(() => input.page().keyboard.press('Enter'))])
  await chooser.setFiles(file)
}

/** Signs in without a mouse; the name has the keyboard already. */
export async function signInByKeyboard({ page }: Desk, username: string): Promise<void> {
  await page.goto('/')
  await page.locator('input[name=username]').waitFor()
  await page.keyboard.type(username)
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('main#content').waitFor()
}

/** What the API says, as somebody who is signed in. */
export async function ask<Answer>(desk: Desk, path: string): Promise<Answer> {
  const answer = await desk.page.request.get(path)
  expect(answer.ok(), `${path}: ${answer.status()}`).toBe(true)
  return (await answer.json()) as Answer
}

export interface ListedCase {
  case_id: string
  target_name: string
  version: number
  pending: number
  posted: number
  review_state: string
  flags: string[]
}

/** Cases that are under review and clean, which no story has touched yet. */
export async function cleanCases(desk: Desk, item: string): Promise<ListedCase[]> {
  const { cases } = await ask<{ cases: ListedCase[] }>(desk, `/api/v1/cases?state=under_review&flagged=false&item=${item}`)
  expect(cases.length, `clean cases of ${item}`).toBeGreaterThan(0)
  return cases
}

/** How many decisions a case has: settling a doubt is one, so that a clean case may have some. */
export async function decisionsOf(desk: Desk, found: ListedCase | undefined): Promise<number> {
  return (await ask<{ decisions: unknown[] }>(desk, `/api/v1/cases/${found?.case_id}`)).decisions.length
}
