/** An inspector's round with the tablet: enrolment, offline work, the four kinds with photos, and that all of it arrives. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launch } from '../browser'
import { Clerk, invite } from '../clerk'
import type { Target } from '../field'
import {
  PHONE,
  begin,
  enrol,
  expectClean,
  fail,
  inspect,
  joinWithCode,
  keptWhole,
  lookElsewhere,
  openTablet,
  pointCameraAt,
  restart,
  seal,
  section,
  shoot,
  standAt,
  sync,
  total,
  typePin,
  unlock,
  type Tablet,
} from '../inspector'
import { enter, openDesk } from '../office'

const ROUND_MILLISECONDS = 240_000

/** What fails at which kind, and what Macun charges for it in fen. */
const ROUND = [
  { kind: '施工工地', fails: ['周边硬质密闭围挡', '物料覆盖或密闭储存'], fen: 20_000_000, item: 'site_dust' },
  { kind: '物料堆场', fails: ['在用堆场围挡、抑尘网、遮盖、喷淋'], fen: 1_000_000, item: 'stockpile_dust' },
  { kind: '秸秆禁烧点位', fails: ['无秸秆焚烧'], fen: 5_000_000, item: 'open_burning' },
  { kind: '餐饮油烟净化设施', fails: ['油烟净化器正常运行'], fen: 1_000_000, item: 'catering_fume' },
] as const
const ROUND_FEN = ROUND.reduce((sum, { fen }) => sum + fen, 0)

/** What the camera sees that scans a code: the part of the administrator's screen where it is. */
const SEEN = { width: 640, height: 480 }

describe('an inspector', () => {
  const grid = '410804/001'
  let tablet: Tablet
  let user: string
  let supervisor: Clerk
  /** Cases that this inspector found with another device. */
  let before: Set<string>
  /** What was inspected of each kind. */
  const names = new Map<string, string>()

  beforeAll(async () => {
    tablet = await openTablet({ seed: 10_000 })
    supervisor = await Clerk.of(inject('url'), 'supervisor1')
  }, ROUND_MILLISECONDS)
  afterAll(async () => {
    await supervisor.close()
    await tablet.context.close()
  })

  it('enrols once by the QR code on the administrator’s screen and has the register of the grid', async () => {
    const invited = await invite(inject('url'), 'inspector1', grid)
    user = invited.user
    before = new Set((await supervisor.casesBy(user)).map(({ case_id }) => case_id))
    await standAt(tablet, invited.site)
    const browser = await launch()
    const desk = await openDesk(browser)
    await enter(desk, 'admin', `/users/${user}`)
    await desk.page.getByRole('button', { name: '终端入网码' }).click()
    const code = desk.page.locator('svg.qr')
    // Stands still: the dialog opens with a movement.
    await code.click({ trial: true })
    const box = await code.boundingBox()
    if (!box) throw new Error('no code is shown')
    const clip = { ...SEEN, x: box.x + box.width / 2 - SEEN.width / 2, y: box.y + box.height / 2 - SEEN.height / 2 }
    const picture = join(tablet.folder, 'code.jpg')
    await desk.page.screenshot({ path: picture, type: 'jpeg', quality: 92, clip })
    await browser.close()

    const { page } = tablet
    await pointCameraAt(tablet, picture)
    await page.goto('/tablet/')
    await page.getByRole('button', { name: '扫描二维码' }).click()
    await page.getByRole('dialog', { name: '扫描二维码' }).waitFor({ state: 'hidden' })
    expect(await page.locator('input[name=code]').inputValue()).toMatch(/^[0-9A-Z]+(-[0-9A-Z]+)+$/)
    await lookElsewhere(tablet)
    await joinWithCode(page)
    await section(page, '台账')
    await page.locator('main a.line', { hasText: invited.site.name }).waitFor()
    await page.locator('input[name=search]').fill(invited.site.name.slice(0, 2))
    await page.locator('main a.line', { hasText: invited.site.name }).waitFor()
    await page.locator('input[name=search]').fill('没有这个')
    await page.getByText('没有找到“没有这个”').waitFor()
    await page.getByRole('button', { name: '清空' }).click()
    expectClean(tablet)
  }, ROUND_MILLISECONDS)

  it('does a round of four kinds with photos and without network', async () => {
    const { page, context } = tablet
    await keptWhole(page)
    await context.setOffline(true)
    for (const { kind, fails, fen } of ROUND) {
      const inspected = await inspect(tablet, kind, fails)
      expect(inspected.fen, kind).toBe(fen)
      names.set(kind, inspected.name)
    }
    await page.locator('.chip.warn', { hasText: '4 项待发送' }).waitFor()
    expectClean(tablet)
  }, ROUND_MILLISECONDS)

  it('opens again without network, after a reload and after the browser was closed, with all that waits', async () => {
    await tablet.page.reload()
    await typePin(tablet.page)
    await tablet.page.locator('.chip.warn', { hasText: '4 项待发送' }).waitFor()
    tablet = await restart(tablet)
    await tablet.context.setOffline(true)
    await unlock(tablet.page)
    await tablet.page.locator('.chip.warn', { hasText: '4 项待发送' }).waitFor()
    await section(tablet.page, '我的')
    await expect.poll(() => tablet.page.locator('main a.line', { hasText: '待发送' }).count()).toBe(ROUND.length)
    expectClean(tablet)
  }, ROUND_MILLISECONDS)

  it('keeps a half-filled inspection through a reload, and discards it when asked to', async () => {
    const { page } = tablet
    const name = await begin(page, '道路')
    await page.locator('.verdicts').first().getByRole('button', { name: '不符合' }).click()
    await page.locator('textarea').first().fill('路面积尘明显')
    await page.getByText(/^已保存/).waitFor()
    await page.reload()
    await typePin(page)
    await page.getByRole('link', { name: new RegExp(`${name}.*继续`) }).click()
    await expect.poll(() => page.locator('textarea').first().inputValue()).toBe('路面积尘明显')
    await page.getByRole('button', { name: '放弃草稿' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '放弃草稿' }).click()
    await page.waitForURL('**/inspect')
    await page.getByRole('heading', { name: '检查台账对象' }).waitFor()
    expect(await page.getByText('继续').count()).toBe(0)
    expectClean(tablet)
  }, ROUND_MILLISECONDS)

  it('registers a boiler on the spot with its tonnage and is told at once what it costs', async () => {
    const { page } = tablet
    await section(page, '检查')
    await page.getByRole('button', { name: '锅炉', exact: true }).click()
    await page.waitForURL('**/inspect/*')
    await page.getByRole('button', { name: '先登记为台账对象' }).click()
    await page.locator('input[name=name]').fill('望湖浴池锅炉')
    await page.locator('input[name=boiler_tonnage]').fill('4')
    // Off and on again in the middle of it.
    await page.reload()
    await typePin(page)
    await page.getByRole('link', { name: /锅炉.*继续/ }).click()
    await page.getByRole('button', { name: '先登记为台账对象' }).click()
    await page.getByText('接着上次没有登记完的内容').waitFor()
    expect(await page.locator('input[name=name]').inputValue()).toBe('望湖浴池锅炉')
    expect(await page.locator('input[name=boiler_tonnage]').inputValue()).toBe('4')
    await page.getByRole('button', { name: '登记', exact: true }).click()
    await page.waitForURL('**/inspect/*')
    await page.getByRole('heading', { name: '望湖浴池锅炉' }).waitFor()
    await fail(tablet, '未燃煤')
    expect(await seal(page)).toBe(10_000_000)
    await page.locator('.chip.warn').waitFor()
    expectClean(tablet)
  }, ROUND_MILLISECONDS)

  it('has everything at the server once there is network, with the amounts that the tablet showed', async () => {
    const { page, context } = tablet
    await context.setOffline(false)
    await sync(page)
    const cases = (await supervisor.casesBy(user)).filter(({ case_id }) => !before.has(case_id))
    const sums = Object.fromEntries(cases.map(({ item, pending }) => [item, pending]))
    expect(sums).toMatchObject(Object.fromEntries(ROUND.map(({ item, fen }) => [item, fen])))
    expect(cases.reduce((sum, { pending }) => sum + pending, 0)).toBe(ROUND_FEN + 10_000_000)
    expect(cases.map(({ review_state }) => review_state)).toEqual(cases.map(() => 'under_review'))
    expectClean(tablet)
  }, ROUND_MILLISECONDS)

  it('is told of a fire on file near by before it is reported once more', async () => {
    const { page } = tablet
    const { targets } = await supervisor.get<{ targets: Target[] }>(`/api/v1/targets?grid=${grid}&kind=straw_point&limit=200`)
    const burning = targets.find(({ name }) => name === names.get('秸秆禁烧点位'))
    if (!burning) throw new Error('nothing burns')
    await standAt(tablet, burning)
    await section(page, '火点')
    await page.getByText(/^精度约/).waitFor()
    expect(await page.getByText('附近可能是同一处').count()).toBe(0)
    await page.getByRole('button', { name: '秸秆焚烧', exact: true }).click()
    await page.locator('.notice', { hasText: '附近可能是同一处' }).getByText(burning.name).waitFor()
    await page.getByText('我上报的').waitFor()
    expectClean(tablet)
  }, ROUND_MILLISECONDS)
})

it('in English on a phone a fire is reported with one thumb, and shown before it is reported once more', async () => {
  const phone = await openTablet({ viewport: PHONE, language: 'en', seed: 11_000 })
  const { page } = phone
  const { code, user, site } = await invite(inject('url'), 'inspector2', '410804/002')
  const supervisor = await Clerk.of(inject('url'), 'supervisor1')
  const before = (await supervisor.casesBy(user)).length
  await standAt(phone, site)
  await enrol(phone, code)
  await phone.context.setOffline(true)
  await section(page, 'Fire')
  await page.getByRole('button', { name: 'Take the photo' }).click()
  await shoot(page)
  await page.getByRole('button', { name: 'Done' }).click()
  const duplicates = page.locator('.notice', { hasText: 'May be the same as nearby' })
  await page.getByRole('button', { name: 'Straw', exact: true }).click()
  await page.getByRole('button', { name: 'Report', exact: true }).click()
  await page.getByText('Safe on this tablet').first().waitFor()
  const fen = await total(page)
  expect(fen).toBe(5_000_000)
  await page.getByRole('button', { name: 'To today' }).click()
  // At a spot that is no target, and before the server has heard of it.
  await section(page, 'Fire')
  await page.getByText(/^accurate to about/).waitFor()
  expect(await duplicates.count()).toBe(0)
  await page.getByRole('button', { name: 'Straw', exact: true }).click()
  await duplicates.getByText('reported by me').waitFor()
  await phone.context.setOffline(false)
  await sync(page)
  await section(page, 'Fire')
  await page.getByRole('button', { name: 'Straw', exact: true }).click()
  await duplicates.getByText('reported by me').waitFor()
  expect(await duplicates.locator('.row').count()).toBe(1)
  const cases = await supervisor.casesBy(user)
  expect(cases.length).toBe(before + 1)
  expect(cases.filter(({ item }) => item === 'open_burning').map(({ pending }) => pending)).toEqual([fen])
  expectClean(phone)
  await supervisor.close()
  await phone.context.close()
}, ROUND_MILLISECONDS)
