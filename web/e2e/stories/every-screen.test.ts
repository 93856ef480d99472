/** Every screen that somebody's navigation offers, in both languages and both sizes: no serious fault of accessibility. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OFFICE_PC, TABLET, launch } from '../browser'
import { enter, expectClean, openDesk, type Desk } from '../office'

/** A dozen screens, one after the other. */
const SCREENS_MILLISECONDS = 180_000

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

interface Violation {
  id: string
  impact: string | null
  nodes: { html: string; failureSummary?: string }[]
}

let browser: Browser
let axe: string
beforeAll(async () => {
  browser = await launch()
  axe = await readFile(AXE, 'utf8')
})
afterAll(() => browser.close())

/** Serious and critical faults that axe finds on the page as it is. */
async function faults({ page }: Desk): Promise<string[]> {
  // Through the debugger, as the page's own policy forbids added scripts.
  await page.evaluate(axe)
  const violations = await page.evaluate(async () => {
    const { axe: run } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    return (await run.run()).violations
  })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}

/** Screens have what they fetch when nothing says that it is coming. */
async function settled({ page }: Desk): Promise<void> {
  await page.locator('main h1').first().waitFor()
  await page.waitForFunction(() => document.querySelector('.el-skeleton') === null)
}

/** Screens behind the first rows of the lists that somebody may read. */
async function details(desk: Desk): Promise<string[]> {
  const read = async <Answer>(path: string) => {
    const answer = await desk.page.request.get(path)
    return answer.ok() ? ((await answer.json()) as Answer) : undefined
  }
  const cases = await read<{ cases: { case_id: string }[] }>('/api/v1/cases?limit=1')
  const users = await read<{ user_id: string }[]>('/api/v1/users')
  const packs = await read<{ hash: string }[]>('/api/v1/packs')
  const targets = await read<{ targets: { target_id: string }[] }>('/api/v1/targets?limit=1')
  const { assignments } = (await read<{ assignments: { role: string }[] }>('/api/v1/sessions/current')) ?? { assignments: [] }
  const liaison = assignments.some(({ role }) => role === 'liaison')
  return [
    ...(cases?.cases ?? []).map(({ case_id }) => (liaison ? `/unit/cases/${case_id}` : `/cases/${case_id}`)),
    ...(users ?? []).slice(0, 1).map(({ user_id }) => `/users/${user_id}`),
    ...(packs ?? []).slice(0, 1).flatMap(({ hash }) => ['', '?tab=kinds', '?tab=readings'].map((tab) => `/registers/packs/${hash}${tab}`)),
    ...(targets?.targets ?? []).map(({ target_id }) => `/registers/targets/${target_id}`),
    ...(liaison ? [] : ['change', 'entries', 'executions', 'closing'].map((tab) => `/months?tab=${tab}`)),
  ]
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
    paths.push(...(await details(desk)))
    const found: Record<string, string[]> = {}
    for (const path of paths) {
      await desk.page.goto(path)
      await settled(desk)
      const wrong = await faults(desk)
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
