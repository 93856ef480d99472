/** Papers: printed by the browser on A4, and found again from their codes by somebody who is not signed in. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch } from '../browser'
import { charge, monthsAgo, order } from '../charges'
import { enter, expectClean, openDesk, PASSWORD, type Desk, type ListedCase } from '../office'

const PREPARATION_MILLISECONDS = 120_000
/** In the built-up area, where fumes are charged; and whose unit is charged. */
const STREET = 2
const LIAISON = 'liaison.fengying'
/** A4 in points; a browser's paper is a fraction of a point off. */
const A4_POINTS = { width: 595, height: 842 }
const MONTH = monthsAgo(0)

let browser: Browser
let supervisor: Desk
let cases: (ListedCase & { unit_id: string })[]
beforeAll(async () => {
  browser = await launch()
  supervisor = await openDesk(browser)
  await enter(supervisor, 'supervisor1', '/account')
  const charged = await charge(supervisor, browser, { street: STREET, occurredAt: new Date(Date.now() - 60_000).toISOString(), count: 3 })
  cases = charged as typeof cases
  await order(supervisor, cases[0]?.case_id ?? '')
}, PREPARATION_MILLISECONDS)
afterAll(() => browser.close())

interface Page {
  width: number
  height: number
}

/** The pages of a document as it is printed, by their own say of how large they are. */
async function printed(path: string): Promise<Page[]> {
  const page = await supervisor.context.newPage()
  const answer = await page.goto(path)
  expect(answer?.headers()['content-type'], await answer?.text()).toContain('text/html')
  const document = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
  await page.close()
  expect(document.slice(0, 5)).toBe('%PDF-')
  return [...document.matchAll(/\/Type\s*\/Page\b[^]*?\/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)\s*\]/g)].map(([, width, height]) => ({
    width: Math.round(Number(width)),
    height: Math.round(Number(height)),
  }))
}

const notice = () => `/api/v1/prints/months/${MONTH}/units/${cases[0]?.unit_id}/deduction-notice`

/** Signs in where one was led to, and waits for the place one was going to. */
async function landsAt(desk: Desk, username: string, path: string): Promise<string> {
  const { page } = desk
  await page.goto(path)
  await page.waitForURL('**/sign-in**')
  await page.locator('input[name=username]').fill(username)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in') && !url.pathname.startsWith('/notices'))
  return new URL(page.url()).pathname
}

describe('papers', () => {
  it('are printed on A4, each on as many sheets as it needs', async () => {
    // Other stories charge the same unit: how long its notice is depends on them.
    const [first] = cases
    const papers = [
      { path: notice() },
      { path: `${notice()}?lang=en` },
      { path: `/api/v1/prints/cases/${first?.case_id}/rectification-order`, pages: 2 },
      { path: `/api/v1/prints/cases/${first?.case_id}/inspection-record`, pages: 2 },
    ]
    for (const { path, pages } of papers) {
      const sheets = await printed(path)
      expect(sheets.length, path).toBeGreaterThan(0)
      expect(sheets, path).toEqual(Array.from({ length: pages ?? sheets.length }, () => A4_POINTS))
    }
  })

  it('lead who is not signed in to the case and to the notice', async () => {
    const [first] = cases
    const scanner = await openDesk(browser)
    expect(await landsAt(scanner, 'supervisor2', `/cases/${first?.case_id}`)).toBe(`/cases/${first?.case_id}`)
    expectClean(scanner)

    for (const username of ['finance1', LIAISON]) {
      const desk = await openDesk(browser)
      expect(await landsAt(desk, username, `/notices/${MONTH}/${first?.unit_id}`)).toBe(notice())
      expect(await desk.page.title()).toContain('蓝天扣〔')
      expectClean(desk)
    }
  })
})
