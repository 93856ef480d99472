/**
 * What comes back to an inspector and what goes beyond a checklist: a returned case, a rectification with its re-check,
 * a signature, a second inspector, measured values, pictures from the gallery; and colleagues on one tablet.
 */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launch } from '../browser'
import { Clerk, invite, type FoundCase } from '../clerk'
import { drawPhoto, type Target } from '../field'
import {
  PIN,
  begin,
  draw,
  enrol,
  expectClean,
  fail,
  inspect,
  joinWithCode,
  lookElsewhere,
  openTablet,
  seal,
  section,
  shoot,
  standAt,
  sync,
  typePin,
  type Tablet,
} from '../inspector'
import { PASSWORD } from '../office'

const STORY_MILLISECONDS = 180_000
const NEW_PIN = '314159'

declare global {
  interface Window {
    /** Of every camera that was opened. */
    tracks: MediaStreamTrack[]
  }
}

let supervisor: Clerk
beforeAll(async () => {
  supervisor = await Clerk.of(inject('url'), 'supervisor1')
})
afterAll(() => supervisor.close())

describe('an inspector', () => {
  let tablet: Tablet
  let user: string
  let site: string
  let stood: Target

  beforeAll(async () => {
    tablet = await openTablet({ seed: 30_000 })
    const invited = await invite(inject('url'), 'inspector6', '410804/006')
    user = invited.user
    stood = invited.site
    await standAt(tablet, stood)
    await enrol(tablet, invited.code)
  }, STORY_MILLISECONDS)
  afterAll(() => tablet.context.close())

  /** The inspector's case of an item, as the server has it. */
  async function caseOf(item: string): Promise<FoundCase> {
    const found = (await supervisor.casesBy(user)).find((one) => one.item === item)
    if (!found) throw new Error(`no case of ${item}`)
    return found
  }

  it('has the day ordered anew by distance when it was carried to another place, and back', async () => {
    const { page } = tablet
    const lines = page.locator('main a[href*="/targets/"]')
    const order = () => lines.evaluateAll((all) => all.map((line) => line.getAttribute('href')))
    await expect.poll(async () => (await order())[0]).toContain(stood.target_id)
    const here = await order()
    const { targets } = await supervisor.get<{ targets: Target[] }>('/api/v1/targets?grid=410804/006&kind=construction_site&limit=200')
    const away = ({ point }: Target) => Math.hypot(point.lon - stood.point.lon, point.lat - stood.point.lat)
    const [farthest] = targets.sort((one, other) => away(other) - away(one))
    if (!farthest) throw new Error('no other site')
    await standAt(tablet, farthest)
    await expect.poll(async () => (await order())[0]).toContain(farthest.target_id)
    await standAt(tablet, stood)
    await expect.poll(order).toEqual(here)
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('opens the camera a second time with a picture and a stamp of now, and leaves no camera on', async () => {
    const { page } = tablet
    await page.evaluate(() => {
      const { mediaDevices } = navigator
      const open = mediaDevices.getUserMedia.bind(mediaDevices)
      window.tracks = []
      mediaDevices.getUserMedia = async (wanted) => {
        const given = await open(wanted)
        window.tracks.push(...given.getTracks())
        return given
      }
    })
    const states = () => page.evaluate(() => window.tracks.map(({ readyState }) => readyState))
    const camera = page.getByRole('dialog', { name: '拍照' })
    const stamp = () => camera.locator('.stamp').innerText()
    await begin(page, '施工工地')
    const whole = page.locator('section.panel', { has: page.getByRole('heading', { name: '全景与其他照片' }) })
    for (const time of ['the first time', 'again']) {
      await lookElsewhere(tablet)
      await whole.getByRole('button', { name: '拍照' }).click()
      await page.locator('.shutter:enabled').waitFor()
      expect((await states()).at(-1), time).toBe('live')
      // The picture runs, and so does the clock of the stamp.
      const [at, said] = [await playedTo(page), await stamp()]
      await expect.poll(() => playedTo(page), { message: time }).toBeGreaterThan(at)
      await expect.poll(stamp, { message: time }).not.toBe(said)
      expect(await stamp(), time).toMatch(/\d{2}:\d{2}:\d{2}/)
      await shoot(page)
      await page.getByRole('button', { name: '完成' }).click()
      await camera.waitFor({ state: 'hidden' })
      expect(new Set(await states()), time).toEqual(new Set(['ended']))
    }
    expect(await states()).toHaveLength(2)
    await whole.locator('.strip img').nth(1).waitFor()
    await page.getByRole('button', { name: '放弃草稿' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '放弃草稿' }).click()
    await page.waitForURL('**/inspect')
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('records a signature, a second inspector, measured values and a picture from the gallery, and the server has them', async () => {
    const { page } = tablet
    site = await begin(page, '施工工地')
    const id = new URL(page.url()).pathname.split('/').at(-1)
    await standFar(tablet)
    await page.getByText('请确认对象没有选错').waitFor()
    await standAt(tablet, stood)
    await page.getByRole('button', { name: '重新定位' }).click()
    await page.getByText('请确认对象没有选错').waitFor({ state: 'hidden' })
    await fail(tablet, '周边硬质密闭围挡')
    const whole = page.locator('section.panel', { has: page.getByRole('heading', { name: '全景与其他照片' }) })
    await whole.getByRole('button', { name: '拍照' }).click()
    const browser = await launch()
    const picked = await drawPhoto(browser, join(tablet.folder, 'picked.jpg'), 30_900, false)
    await browser.close()
    await page.locator('input[type=file]').setInputFiles(picked)
    await page.getByText('相册照片会标明来源').waitFor()
    await page.getByText('1280×960').waitFor()
    await page.getByRole('button', { name: '使用照片' }).click()
    await page.getByRole('button', { name: '完成' }).click()
    await whole.locator('.mark', { hasText: '相册' }).waitFor()
    const measured = page.locator('section.panel', { has: page.getByRole('heading', { name: '测量' }) })
    await measured.locator('input').first().fill('99999')
    await measured.getByText('超出可能范围').waitFor()
    await measured.locator('input').first().fill('185')
    await page.locator('input[name=second]').fill('王二')
    await page.getByRole('button', { name: '签字', exact: true }).click()
    await page.locator('input[name=representative]').fill('赵五')
    await sign(page)
    await page.getByText('签字已保存').waitFor()
    await page.reload()
    await typePin(page)
    await page.locator('main a.line', { hasText: '继续' }).click()
    await expect.poll(() => page.locator('input[name=second]').inputValue()).toBe('王二')
    expect(await page.locator('input[name=representative]').inputValue()).toBe('赵五')
    // Signed once more: the first drawing goes, though the screen was left since.
    await page.getByText('签字已保存').waitFor()
    const drawn = whole.locator('.mark', { hasText: '签字' })
    const first = await drawn.locator('..').locator('img').getAttribute('src')
    await page.getByRole('button', { name: '重签' }).click()
    await sign(page, 100)
    await expect.poll(() => drawn.locator('..').locator('img').getAttribute('src')).not.toBe(first)
    expect(await drawn.count()).toBe(1)
    const fen = await seal(page)
    await sync(page)
    const found = await caseOf('site_dust')
    expect(found.pending).toBe(fen)
    const recorded = await supervisor.get<Recorded>(`/api/v1/cases/${found.case_id}`)
    expect(recorded.inspection).toMatchObject({
      inspection_id: id,
      second_inspector: '王二',
      site_representative: { outcome: 'signed', name: '赵五' },
    })
    expect(recorded.inspection.measurements.map(({ value }) => value)).toEqual([185])
    expect(recorded.photos.map(({ source }) => source).sort()).toEqual(['camera', 'drawing', 'gallery'])
    expect(recorded.photos.map(({ state }) => state)).toEqual(['verified', 'verified', 'verified'])
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('sees why a case was returned, corrects it, and the server has the correction in its place', async () => {
    const { page } = tablet
    const returned = await caseOf('site_dust')
    await supervisor.decide(returned, { kind: 'return', reason: '请补拍物料覆盖情况。' })
    await sync(page)
    await page.getByRole('heading', { name: '退回与被拒' }).waitFor()
    await page.locator('main a.line', { hasText: '请补拍物料覆盖情况。' }).click()
    await page.getByRole('button', { name: '更正', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: '更正' }).click()
    await page.waitForURL('**/inspect/*')
    await page.getByText('更正会替代原来的记录').waitFor()
    await fail(tablet, '物料覆盖或密闭储存')
    const fen = await seal(page)
    expect(fen).toBeGreaterThan(returned.pending)
    await page.getByRole('heading', { name: '退回与被拒' }).waitFor({ state: 'hidden' })
    await sync(page)
    const corrected = await caseOf('site_dust')
    expect(corrected.case_id).toBe(returned.case_id)
    expect([corrected.review_state, corrected.pending]).toEqual(['under_review', fen])
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('reports a rectification, does not pass it, and re-checks what the unit reports; what is half written survives a reload', async () => {
    const { page } = tablet
    const found = await caseOf('site_dust')
    await supervisor.post(`/api/v1/cases/${found.case_id}/rectification/steps`, {
      step: { kind: 'order_rectification', requirement: '立即补齐围挡并覆盖物料。', span: { working_days: 3 } },
      expected_version: found.version,
      request_id: randomUUID(),
    })
    await sync(page)
    await openOrder(page)
    await compared(tablet)
    await page.getByLabel('现场情况').fill('围挡已补齐')
    await reopened(page)
    expect(await page.getByLabel('现场情况').inputValue()).toBe('围挡已补齐')
    await page.getByRole('button', { name: '保存结果' }).click()
    await page.waitForURL('**/today')
    await sync(page)
    expect((await caseOf('site_dust')).rectification_state).toBe('rectified')

    await openOrder(page)
    await page.getByText('复核通过须由他人认定').waitFor()
    expect(await page.getByRole('button', { name: '复核通过' }).isDisabled()).toBe(true)
    await supervisor.post(`/api/v1/cases/${found.case_id}/rectification/steps`, {
      step: { kind: 'return_rectification' },
      reason: '请责任单位反馈。',
      expected_version: (await caseOf('site_dust')).version,
      request_id: randomUUID(),
    })
    const liaison = await Clerk.of(inject('url'), 'liaison.yanma')
    await liaison.post(`/api/v1/cases/${found.case_id}/rectification/reports`, { request_id: randomUUID(), round: 1, text: '已补齐', photos: [] })
    await page.goBack()
    await sync(page)
    await openOrder(page)
    // What was written for the report is not proposed for the re-check.
    expect(await page.getByLabel('现场情况').inputValue()).toBe('')
    await compared(tablet)
    await page.getByRole('button', { name: '复核通过' }).click()
    await page.getByLabel('现场情况').fill('已全部覆盖')
    await reopened(page)
    expect(await page.getByLabel('现场情况').inputValue()).toBe('已全部覆盖')
    expect(await page.getByRole('button', { name: '复核通过' }).getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('button', { name: '保存结果' }).click()
    await page.waitForURL('**/today')
    await sync(page)
    expect((await caseOf('site_dust')).rectification_state).toBe('verified')
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('charges an unlicensed truck that is in no register, by its plate', async () => {
    const { page } = tablet
    await section(page, '检查')
    await page.getByRole('button', { name: '车辆', exact: true }).click()
    await page.waitForURL('**/inspect/*')
    await page.locator('input[name=plate]').fill('豫H·12345')
    await page.locator('input[name=place]').fill('解放东路口')
    await fail(tablet, '建筑垃圾运输资质齐全')
    const fen = await seal(page)
    await sync(page)
    const found = await caseOf('muck_truck')
    expect([found.pending, fen]).toEqual([10_000_000, 10_000_000])
    const recorded = await supervisor.get<Recorded>(`/api/v1/cases/${found.case_id}`)
    expect(recorded.inspection.notes).toContain('车牌号：豫H·12345')
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('goes on with a report of a fire that was interrupted after its first photo, and verifies its lead with it', async () => {
    const { page } = tablet
    const leads = page.locator('main a.line[href*="/leads/"]')
    const fire_point_id = randomUUID()
    await supervisor.post('/api/v1/fire-points', {
      fire_point_id,
      grid: '410804/006',
      source: 'satellite',
      point: { lon: stood.point.lon + 0.004, lat: stood.point.lat + 0.003 },
      seen_at: new Date(Date.now() - 1_200_000).toISOString(),
      note: '卫星热点 0612',
    })
    await sync(page)
    await leads.filter({ hasText: '卫星热点 0612' }).click()
    await page.getByRole('button', { name: '属实，去上报' }).click()
    await lookElsewhere(tablet)
    await page.getByRole('button', { name: '拍照' }).click()
    await shoot(page)
    // The same place once more is the same picture.
    await shoot(page)
    await page.getByText('这张照片已经在本次检查里了').waitFor()
    await page.getByRole('button', { name: '完成' }).click()
    // It is a draft.
    await page.getByRole('button', { name: '放弃草稿' }).waitFor()
    await page.reload()
    await typePin(page)
    await page.locator('main a.line', { hasText: '继续' }).click()
    await page.waitForURL('**/fire/*')
    await page.locator('.strip img').waitFor()
    await page.getByRole('button', { name: '秸秆焚烧', exact: true }).click()
    await page.getByRole('button', { name: '上报', exact: true }).click()
    await page.getByText('已保存在平板上').first().waitFor()
    expect(await page.getByText('线索的核查没有记下').count()).toBe(0)
    await page.getByRole('button', { name: '回到今日' }).click()
    await page.waitForURL('**/today')
    expect(await page.locator('main a.line', { hasText: '继续' }).count()).toBe(0)
    await sync(page)
    await expect.poll(() => leads.count()).toBe(0)
    const found = await caseOf('open_burning')
    const { inspection } = await supervisor.get<Recorded>(`/api/v1/cases/${found.case_id}`)
    const { fire_points } = await supervisor.get<{ fire_points: { fire_point_id: string; inspection_id: string }[] }>('/api/v1/fire-points?state=confirmed')
    expect(fire_points).toContainEqual(expect.objectContaining({ fire_point_id, inspection_id: inspection.inspection_id }))
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('hands over a sync log that has every operation and nothing of what was found', async () => {
    const { page } = tablet
    await section(page, '我的')
    await page.getByRole('button', { name: '设置' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '导出日志' }).click(),
    ])
    const file = await readFile(await download.path(), 'utf8')
    const kinds = (JSON.parse(file) as { log: { kind: string }[] }).log.map(({ kind }) => kind)
    expect(kinds).toContain('submit_inspection')
    expect(kinds).toContain('recheck_rectification')
    for (const found of [site, '王二', '豫H·12345', '已全部覆盖']) expect(file).not.toContain(found)
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  /** The order of the site on today's screen. */
  async function openOrder(page: Page): Promise<void> {
    await page.locator('main a.line', { hasText: '立即补齐围挡并覆盖物料。' }).click()
    await page.getByRole('heading', { name: site }).waitFor()
  }
})

interface Recorded {
  inspection: {
    inspection_id: string
    second_inspector: string | null
    site_representative: { outcome: string; name?: string }
    measurements: { value: number }[]
    notes: string
  }
  photos: { source: string; state: string }[]
}

/** How far the camera's picture has played, in seconds. */
function playedTo(page: Page): Promise<number> {
  return page.locator('video').evaluate((video: HTMLVideoElement) => video.currentTime)
}

/** Half a kilometre from where it stood, and looks again. */
async function standFar({ page, context, place }: Tablet): Promise<void> {
  if (!place) throw new Error('the tablet stands nowhere')
  await context.setGeolocation({ longitude: place.point.lon + 0.006, latitude: place.point.lat, accuracy: 12 })
  await page.getByRole('button', { name: '重新定位' }).click()
}

/** Signs with a finger and takes the signature. */
async function sign(page: Page, dip?: number): Promise<void> {
  await draw(page, dip)
  await page.getByRole('button', { name: '采用签字' }).click()
}

/** A photo of now, taken with the one of before beside it. */
async function compared(tablet: Tablet): Promise<void> {
  const { page } = tablet
  await lookElsewhere(tablet)
  await page.getByRole('button', { name: '拍照' }).click()
  const camera = page.getByRole('dialog', { name: '拍照' })
  await camera.getByText('整改前').first().waitFor()
  await camera.locator('img').first().waitFor()
  await shoot(page)
  await page.getByRole('button', { name: '完成' }).click()
}

/** Off and on again, back to the same order. */
async function reopened(page: Page): Promise<void> {
  await page.reload()
  await typePin(page)
  await page.locator('main a.line', { hasText: '立即补齐围挡并覆盖物料。' }).click()
  await page.locator('.strip img').first().waitFor()
}

describe('two inspectors on one tablet', () => {
  let tablet: Tablet
  let first: { code: string; user: string }
  let second: { code: string; user: string }

  beforeAll(async () => {
    tablet = await openTablet({ seed: 31_000 })
    const url = inject('url')
    first = await invite(url, 'inspector7', '410804/007')
    const { site, ...invited } = await invite(url, 'inspector5', '410804/005')
    second = invited
    await standAt(tablet, site)
    await enrol(tablet, first.code)
  }, STORY_MILLISECONDS)
  afterAll(() => tablet.context.close())

  it('see how much of the other waits, and nothing more; each sends their own', async () => {
    const { page, context } = tablet
    await context.setOffline(true)
    await inspect(tablet, '物料堆场', ['在用堆场围挡、抑尘网、遮盖、喷淋'])
    await lock(page)
    await context.setOffline(false)
    await page.getByRole('button', { name: '谁在使用？' }).click()
    await page.locator('button.person', { hasText: '1 项待发送' }).waitFor()
    await page.getByRole('button', { name: '另一位检查员入网' }).click()
    await page.locator('input[name=code]').fill(second.code)
    await joinWithCode(page)
    await section(page, '我的')
    await page.getByText('还没有检查记录').waitFor()
    await page.getByRole('button', { name: '设置' }).click()
    await page.getByText(/：1 项记录，1 张照片/).waitFor()
    expect(await supervisor.casesBy(first.user), 'sent by a colleague').toEqual([])
    await lock(page)
    const people = page.locator('button.person')
    await people.first().waitFor()
    expect(await people.count()).toBe(2)
    await people.filter({ hasText: '1 项待发送' }).click()
    await typePin(page)
    await page.waitForURL('**/today')
    await sync(page)
    expect((await supervisor.casesBy(first.user)).map(({ item }) => item)).toEqual(['stockpile_dust'])
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('who forgot the PIN signs in with network, sets a new one, and has everything', async () => {
    const { page, context } = tablet
    await context.setOffline(true)
    const name = await begin(page, '道路')
    await page.locator('textarea[name=notes]').fill('忘记 PIN 之前写的')
    await page.getByText(/^已保存/).waitFor()
    await page.getByRole('button', { name: '返回' }).click()
    await lock(page)
    await (await ownButton(page)).click()
    await typePin(page, '999999')
    await page.getByText('PIN 不对').waitFor()
    await page.getByRole('button', { name: '忘记 PIN' }).click()
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.locator('button[type=submit]').click()
    await page.getByText('现在连不上服务器').waitFor()
    await context.setOffline(false)
    await page.locator('button[type=submit]').click()
    await page.waitForURL('**/pin')
    await typePin(page, NEW_PIN)
    await typePin(page, NEW_PIN)
    await page.waitForURL('**/today')
    await page.locator('main a.line', { hasText: name }).filter({ hasText: '继续' }).click()
    await expect.poll(() => page.locator('textarea[name=notes]').inputValue()).toBe('忘记 PIN 之前写的')
    await page.getByRole('button', { name: '返回' }).click()
    await lock(page)
    await (await ownButton(page)).click()
    await typePin(page, PIN)
    await page.getByText('PIN 不对').waitFor()
    await typePin(page, NEW_PIN)
    await page.waitForURL('**/today')
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  /** The first inspector's line among those who may unlock. */
  async function ownButton(page: Page) {
    const admin = await Clerk.of(inject('url'), 'admin')
    const { users } = await admin.get<{ users: { user_id: string; name: string }[] }>('/api/v1/users?limit=500')
    await admin.close()
    const own = users.find(({ user_id }) => user_id === first.user)
    return page.locator('button.person', { hasText: own?.name ?? '' })
  }
})

/** By the settings. */
async function lock(page: Page): Promise<void> {
  await section(page, '我的')
  await page.getByRole('button', { name: '设置' }).click()
  await page.getByRole('button', { name: '锁定' }).click()
  await page.waitForURL('**/unlock')
}
