/**
 * Every screen of the tablet, one after the other, with something on each: for whoever looks at all of them. Follows an
 * inspector from the enrolment to a sealed inspection and what comes back of it.
 */
import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { Clerk, invite } from './clerk'
import { lookElsewhere, shoot, standAt, sync, typePin, type Tablet } from './inspector'
import { PASSWORD } from './office'

/** Shows a screen; called while it stands still. */
export type Look = (screen: string) => Promise<void>

export interface Post {
  username: string
  grid: string
}

const either = (chinese: string, english: string) => new RegExp(`^(${chinese}|${english})$`)

/** To an address within the running app, which a reload would lock. */
async function go(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState({ back: '/' }, '', `/tablet${to}`)
    dispatchEvent(new PopStateEvent('popstate', { state: history.state }))
  }, path)
  await page.waitForURL(`**${path}`)
}

/** Visits all screens with a tablet that nobody is enrolled on. */
export async function visitEveryScreen(tablet: Tablet, post: Post, url: string, look: Look): Promise<void> {
  const { page } = tablet
  const { code, user, site } = await invite(url, post.username, post.grid)
  await standAt(tablet, site)
  await enrolSlowly(page, code, look)

  await go(page, '/today')
  await page.locator('main a.line').first().waitFor()
  await go(page, '/register')
  await page.locator('main a.line', { hasText: site.name }).waitFor()
  await look('register')
  await page.getByRole('button', { name: either('地图', 'Map') }).click()
  await page.locator('[data-ready=true]').waitFor()
  await look('map')
  await go(page, '/register/new?kind=boiler')
  await page.locator('input[name=boiler_tonnage]').waitFor()
  await look('new-target')
  await go(page, `/targets/${site.target_id}`)
  await page.getByRole('heading', { name: site.name }).waitFor()
  await look('target')
  await inspectSlowly(tablet, look)
  await sync(page)

  const supervisor = await Clerk.of(url, 'supervisor1')
  const [found] = (await supervisor.casesBy(user)).filter(({ target_name }) => target_name === site.name)
  if (!found) throw new Error(`no case at ${site.name}`)
  await supervisor.post(`/api/v1/cases/${found.case_id}/rectification/steps`, {
    step: { kind: 'order_rectification', requirement: '立即补齐围挡并覆盖物料，上传整改前后对比照片。', span: { working_days: 3 } },
    expected_version: found.version,
    request_id: randomUUID(),
  })
  await supervisor.post('/api/v1/fire-points', {
    fire_point_id: randomUUID(),
    grid: post.grid,
    source: 'satellite',
    point: { lon: site.point.lon + 0.004, lat: site.point.lat + 0.003 },
    seen_at: new Date(Date.now() - 1_200_000).toISOString(),
    note: '卫星热点 0317',
  })
  await supervisor.close()
  await sync(page)
  await page.locator('main a.line[href*="/rectify/"]').waitFor()
  await look('today')
  await go(page, `/rectify/${found.case_id}`)
  await page.locator('.before img').first().waitFor()
  await look('rectify')
  await go(page, '/fire')
  await page.locator('main a.line[href*="/leads/"]').waitFor()
  await look('fire')
  await page.locator('main a.line[href*="/leads/"]').click()
  await page.locator('main textarea').waitFor()
  await look('lead')
  await go(page, '/sync')
  await look('sync')
  await go(page, '/mine')
  await page.locator('main a.line').first().click()
  await page.locator('.strip img').first().waitFor()
  await look('own')
  await go(page, '/mine')
  await page.locator('main a.line').first().waitFor()
  await look('mine')
  await go(page, '/settings')
  await page.locator('main li').first().waitFor()
  await look('settings')
  await go(page, '/nowhere')
  await look('nowhere')
  await go(page, '/settings')
  await page.getByRole('button', { name: either('锁定', 'Lock') }).click()
  await page.locator('.keys').waitFor()
  await look('unlock')
}

async function enrolSlowly(page: Page, code: string, look: Look): Promise<void> {
  await page.goto('/tablet/')
  await page.locator('input[name=code]').waitFor()
  await look('enrol')
  await page.getByRole('button', { name: either('扫描二维码', 'Scan the QR code') }).click()
  await page.locator('.scanner video').waitFor()
  await look('scanner')
  await page.getByRole('button', { name: either('关闭', 'Close') }).click()
  await page.locator('input[name=code]').fill(code)
  await page.locator('input[name=device]').fill('马村街道 1 号')
  await page.locator('button[type=submit]').click()
  await page.locator('input[name=password]').fill(PASSWORD)
  await look('sign-in')
  await page.locator('button[type=submit]').click()
  await page.locator('.keys').getByText('2', { exact: true }).click()
  await look('pin')
  await page.locator('.keys button').nth(9).click()
  await typePin(page)
  await typePin(page)
  await page.waitForURL('**/today')
  await page.locator('.chip.good').waitFor()
}

/** An inspection of the target on the screen. */
async function inspectSlowly(tablet: Tablet, look: Look): Promise<void> {
  const { page } = tablet
  await page.locator('footer button').click()
  await page.waitForURL('**/inspect/*')
  const at = new URL(page.url()).pathname.replace('/tablet', '')
  const card = page.locator('section.panel', { has: page.locator('.verdicts') }).first()
  await card.locator('button.fail').click()
  await lookElsewhere(tablet)
  await card.locator('button.add').click()
  await page.locator('.shutter:enabled').waitFor()
  await look('camera')
  await page.locator('.shutter:enabled').click()
  await page.locator('.seen img').waitFor()
  // The picture of the camera, not one of the black frames that it begins with.
  await page.getByText('1280×960').waitFor()
  await look('shot')
  await page.getByRole('button', { name: either('重拍', 'Retake') }).click()
  await shoot(page)
  await page.getByRole('button', { name: either('完成', 'Done') }).click()
  await page.getByRole('button', { name: either('其余全部符合', 'All others pass') }).click()
  await page.getByRole('button', { name: either('签字', 'Signed') }).click()
  await page.locator('input[name=representative]').fill('赵五')
  await card.scrollIntoViewIfNeeded()
  await look('inspect')
  await page.locator('.shot').first().click()
  await page.locator('.large img').waitFor()
  await look('photo')
  await page.getByRole('button', { name: either('关闭', 'Close') }).click()
  await go(page, '/inspect')
  await page.locator('main a.line').first().waitFor()
  await look('inspect-start')
  await go(page, at)
  await page.locator('.verdicts').first().waitFor()
  await page.locator('footer button').click()
  await page.locator('output.sum').waitFor()
  await look('review')
  await page.locator('footer button').last().click()
  await page.locator('.notice.good').waitFor()
  await look('sealed')
}
