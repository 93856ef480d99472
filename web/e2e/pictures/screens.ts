/** Pictures of the main screens at the size of an office PC, for the README and docs/screenshots. */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { OFFICE_PC, TABLET, launch } from '../browser'
import { ask, enter, openDesk, type Desk, type ListedCase } from '../office'

const FOLDER = join(import.meta.dirname, '../../../docs/screenshots')

let browser: Browser
beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true })
  browser = await launch()
  await decideSome()
})
afterAll(() => browser.close())

/** A write as the signed-in person. */
async function write(desk: Desk, path: string, body: object): Promise<void> {
  const { csrf_token } = await ask<{ csrf_token: string }>(desk, '/api/v1/sessions/current')
  await desk.page.request.post(path, { data: body, headers: { 'x-csrf-token': csrf_token } })
}

/** Some cases confirmed and ordered to be rectified, so that months and boards have something to show. */
async function decideSome(): Promise<void> {
  const desk = await openDesk(browser)
  await enter(desk, 'supervisor1', '/queue')
  const { cases } = await ask<{ cases: ListedCase[] }>(desk, '/api/v1/cases?state=under_review&flagged=false&limit=200')
  const half = cases.filter((_, n) => n % 2 === 0)
  for (const { case_id, version } of half) {
    await write(desk, `/api/v1/cases/${case_id}/decisions`, {
      kind: 'confirm',
      expected_version: version,
      request_id: randomUUID(),
    })
  }
  for (const { case_id, version } of half.slice(0, 8)) {
    await write(desk, `/api/v1/cases/${case_id}/rectification/steps`, {
      step: { kind: 'order_rectification', requirement: '立即落实扬尘防治措施，并上传整改前后对比照片。' },
      expected_version: version + 1,
      request_id: randomUUID(),
    })
  }
  await desk.context.close()
}

/** Everything has come that the screen shows. */
async function settled({ page }: Desk): Promise<void> {
  await page.locator('main h1').first().waitFor()
  await page.waitForFunction(() => document.querySelector('.el-skeleton') === null)
  await page.waitForFunction(() => [...document.images].every(({ complete }) => complete))
  // A map whose canvas is still to come is an empty frame: it says when it is drawn.
  await page.waitForFunction(() => [...document.querySelectorAll('.place > [role=region]')].every((map) => map.hasAttribute('data-shown')))
}

describe('pictures', () => {
  it.each([
    ['queue', 'supervisor1', '/queue', 'zh', OFFICE_PC],
    ['queue-en', 'supervisor1', '/queue', 'en', OFFICE_PC],
    ['map', 'supervisor1', '/map', 'zh', OFFICE_PC],
    ['overview', 'supervisor1', '/overview', 'zh', OFFICE_PC],
    ['rectifications', 'supervisor1', '/rectifications', 'zh', OFFICE_PC],
    ['months', 'finance1', '/months', 'zh', OFFICE_PC],
    ['unit-cases', 'liaison.macun', '/unit/cases', 'zh', TABLET],
    ['targets', 'admin', '/registers/targets', 'zh', OFFICE_PC],
  ] as const)('%s', async (name, user, path, language, viewport) => {
    const desk = await openDesk(browser, { language, viewport })
    await enter(desk, user, path)
    if (path === '/map') await desk.page.locator('[data-shown]:not([data-shown="0"])').waitFor()
    // Charts are drawn at once, in a chunk that comes later than the figures.
    if (path === '/overview') await desk.page.locator('main figure canvas').nth(1).waitFor()
    await settled(desk)
    await desk.page.screenshot({ path: join(FOLDER, `${name}.png`) })
  })

  it('sign-in', async () => {
    const desk = await openDesk(browser)
    await desk.page.goto('/sign-in')
    await desk.page.locator('input[name=username]').waitFor()
    await desk.page.screenshot({ path: join(FOLDER, 'sign-in.png') })
  })

  it('case', async () => {
    const desk = await openDesk(browser)
    await enter(desk, 'supervisor1', '/queue?item=site_dust')
    await desk.page.locator('main tbody tr').first().click()
    await desk.page.waitForURL(/\/cases\//)
    await desk.page.locator('main img').first().waitFor()
    await settled(desk)
    await desk.page.screenshot({ path: join(FOLDER, 'case.png') })
  })
})
