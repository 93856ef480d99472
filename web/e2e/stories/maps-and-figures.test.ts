/** What is drawn: maps with and without tiles, points set by a click, charts with their tables. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launch } from '../browser'
import { decide, enterFinding, freeTargets } from '../charges'
import { ask, enter, expectClean, openDesk, SOON } from '../office'

/** A transparent point. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64')

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

it('a configured source of tiles lies below the map with its name on it, and without one nothing is asked for', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  const tiles: string[] = []
  await page.route('**/tiles/**', (route) => {
    tiles.push(route.request().url())
    return route.fulfill({ body: PNG, contentType: 'image/png' })
  })
  await enter(desk, 'supervisor1', '/map')
  await page.locator('[data-shown]').waitFor()
  expect(tiles).toEqual([])
  await page.route('**/api/v1/web-settings', async (route) => {
    const settings = (await (await route.fetch()).json()) as object
    const source = { layers: ['/tiles/{z}/{x}/{y}.png'], attribution: '审图号 GS(2024)0650号', max_zoom: 18 }
    return route.fulfill({ json: { ...settings, tiles: source } })
  })
  await page.reload()
  await page.locator('[data-shown]').waitFor()
  await page.getByText('审图号 GS(2024)0650号').waitFor()
  expect(tiles.length).toBeGreaterThan(0)
  expectClean(desk)
})

it('several cases at one place are a cluster with their number, and a click on it leads there', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await enter(desk, 'supervisor1', '/account')
  const [target] = await freeTargets(desk, 3)
  if (!target) throw new Error('no eatery of street 3 is free')
  // Dismissed ones stand on the map too, and in nobody's queue.
  for (const hours of [2, 26, 50]) {
    const { cases } = await enterFinding(desk, browser, { target, occurredAt: new Date(Date.now() - hours * 3_600_000).toISOString() })
    for (const { case_id } of cases) await decide(desk, case_id, { kind: 'dismiss', reason: '证据不足，不予认定。' })
  }
  await page.goto(`/map?state=dismissed&text=${encodeURIComponent(target.name)}`)
  const map = page.locator('[data-shown="3"]')
  await expect.poll(() => map.getAttribute('data-clusters'), SOON).toMatch(/^3@/)
  const wide = await map.locator('.maplibregl-ctrl-scale').innerText()
  expect(wide).toContain('公里')
  const [x = 0, y = 0] = (await map.getAttribute('data-clusters'))?.split('@')[1]?.split(',').map(Number) ?? []
  await map.locator('canvas').click({ position: { x, y } })
  // Near by they are single points, all three still in view.
  await expect.poll(() => map.getAttribute('data-clusters'), SOON).toBe('')
  expect(await map.locator('.maplibregl-ctrl-scale').innerText()).toMatch(/\d\s米/)
  await page.getByText(/^3 件/).waitFor()
  expectClean(desk)
})

it("a target's point is set by a click on the map", async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await enter(desk, 'admin', '/registers/targets')
  const { targets } = await ask<{ targets: { target_id: string; point: { lon: number } }[] }>(desk, '/api/v1/targets?kind=boiler&limit=1')
  const [target] = targets
  await page.goto(`/registers/targets/${target?.target_id}`)
  await page.locator('main h1').waitFor()
  await page.keyboard.press('e')
  const dialog = page.getByRole('dialog', { name: '修改对象' })
  const map = dialog.locator('[data-shown]')
  await map.waitFor()
  await map.locator('canvas').click({ position: { x: 60, y: 60 } })
  await expect.poll(() => dialog.getByLabel('经度').inputValue()).not.toBe(target?.point.lon.toFixed(6))
  const chosen = Number(await dialog.getByLabel('经度').inputValue())
  await page.keyboard.press('Control+Enter')
  await dialog.waitFor({ state: 'hidden' })
  const changed = await ask<{ point: { lon: number } }>(desk, `/api/v1/targets/${target?.target_id}`)
  expect(changed.point.lon).toBeCloseTo(chosen, 6)
  expectClean(desk)
})

it('every chart of the overview has its table beside it', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await enter(desk, 'supervisor1', '/overview')
  await page.locator('main canvas').first().waitFor()
  const sections = page.locator('main figure', { has: page.locator('canvas') })
  const count = await sections.count()
  expect(count).toBeGreaterThan(2)
  for (let at = 0; at < count; at += 1) {
    expect(await sections.nth(at).locator('table tbody tr').count(), `chart ${at}`).toBeGreaterThan(0)
  }
  expectClean(desk)
})

it('readings of a policy are Chinese first', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await enter(desk, 'admin', '/registers/packs')
  const packs = await ask<{ hash: string; id: string }[]>(desk, '/api/v1/packs')
  await page.goto(`/registers/packs/${packs.find(({ id }) => id === 'macun-2024')?.hash}?tab=readings`)
  await page.getByText('使用本系统的检查人员按区级任职').waitFor()
  const texts = await page.getByRole('table').first().locator('tbody td:last-child').allInnerTexts()
  expect(texts.filter((text) => !/[\u4e00-\u9fff]/.test(text))).toEqual([])
  expectClean(desk)
})
