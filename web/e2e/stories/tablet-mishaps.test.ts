/**
 * What goes wrong in a village: a server that is gone in the middle, a browser that is killed, a clock of weeks ago, a
 * tablet that was revoked. Nothing that the tablet said to be safe is lost, and nothing arrives twice.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { Clerk, invite } from '../clerk'
import { cuttingProxy, type CuttingProxy } from '../cutting-proxy'
import { startDistrict, type District } from '../district'
import {
  begin,
  enrol,
  expectClean,
  fail,
  inspect,
  keptWhole,
  openTablet,
  restart,
  seal,
  section,
  standAt,
  sync,
  typePin,
  unlock,
  type Tablet,
} from '../inspector'

const STORY_MILLISECONDS = 180_000
/** Repeats what the network cuts; printed with it. */
const SEED = Number(process.env.TABLET_SEED ?? 20261122)
/** A round through a network that cuts most connections. */
const CUT_SYNC_MILLISECONDS = 90_000
const WEEKS_DAYS = 20
const DAY_MILLISECONDS = 86_400_000

let district: District
let proxy: CuttingProxy
/** The tablet's application as this server serves it, to be replaced by a newer one. */
let app: string

beforeAll(async () => {
  app = await mkdtemp(join(inject('folder'), 'app-'))
  await cp(resolve(import.meta.dirname, '../../tablet/dist'), app, { recursive: true })
  district = await startDistrict(inject('programs'), app)
  proxy = await cuttingProxy(district.url, SEED)
  proxy.cutting(false)
}, STORY_MILLISECONDS)
afterAll(async () => {
  proxy.close()
  await district.stop()
})

/** A tablet of an inspector of a street, enrolled and with the whole app on it. */
async function inspectorOf(street: number, seed: number): Promise<{ tablet: Tablet; user: string }> {
  const tablet = await openTablet({ url: proxy.url, seed })
  const { code, user, site } = await invite(proxy.url, `inspector${street}`, `410804/00${street}`)
  await standAt(tablet, site)
  await enrol(tablet, code)
  await keptWhole(tablet.page)
  return { tablet, user }
}

/** Kills the tab's process, as a tablet does that runs out of memory. */
async function kill(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash')
  const debuggers = await page.context().newCDPSession(page)
  void debuggers.send('Page.crash').catch(() => undefined)
  await crashed
}

/** Another tab after the last one was killed, unlocked. */
async function openAgain(tablet: Tablet): Promise<void> {
  const killed = tablet.page
  tablet.page = await tablet.context.newPage()
  await unlock(tablet.page)
  await killed.close()
}

/** The id of the visit on the screen. */
const visitOf = (page: Page) => new URL(page.url()).pathname.split('/').at(-1) ?? ''

describe('a server that is gone and comes back', () => {
  afterAll(() => proxy.cutting(false))

  it('gets everything once, though it was killed while it was sent to and the network cut most connections', async () => {
    const { tablet, user } = await inspectorOf(1, 20_000)
    const { page } = tablet
    proxy.leadTo(null)
    const first = await inspect(tablet, '物料堆场', ['在用堆场围挡、抑尘网、遮盖、喷淋'])
    await page.locator('.chip').click()
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.getByText('没有网络，或服务器暂时连不上').waitFor()
    await page.locator('.chip.warn', { hasText: '1 项待发送' }).waitFor()
    // Through a network that cuts, with a server that dies as soon as it hears of it.
    proxy.cutting(true)
    proxy.leadTo(district.url)
    const heard = page.waitForRequest((request) => request.url().includes('/api/v1/'))
    await page.getByRole('button', { name: '立即同步' }).click()
    await heard
    proxy.leadTo(await district.killAndStart())
    const second = await inspect(tablet, '施工工地', ['周边硬质密闭围挡'])
    await sync(page, CUT_SYNC_MILLISECONDS)
    expect(proxy.cuts(), `connections that were cut (seed ${SEED})`).toBeGreaterThan(0)
    proxy.cutting(false)
    const supervisor = await Clerk.of(proxy.url, 'supervisor1')
    const pending = (await supervisor.casesBy(user)).map((found) => found.pending).sort()
    expect(pending).toEqual([first.fen, second.fen].sort())
    await supervisor.close()
    expectClean(tablet)
    await tablet.context.close()
  }, STORY_MILLISECONDS)
})

describe('a browser that is killed', () => {
  let tablet: Tablet
  let user: string
  beforeAll(async () => {
    ;({ tablet, user } = await inspectorOf(2, 21_000))
    await tablet.context.setOffline(true)
  }, STORY_MILLISECONDS)
  afterAll(() => tablet.context.close())

  it('has every word that the screen said to be saved, and nothing by half', async () => {
    await begin(tablet.page, '道路')
    const id = visitOf(tablet.page)
    const notes = tablet.page.locator('textarea[name=notes]')
    await notes.fill('路面积尘')
    await tablet.page.getByText(/^已保存/).waitFor()
    // Nobody waits for this one.
    await notes.fill('路面积尘，未洒水')
    await kill(tablet.page)
    await openAgain(tablet)
    await tablet.page.goto(`/tablet/inspect/${id}`)
    await typePin(tablet.page)
    await tablet.page.locator('main a.line', { hasText: '继续' }).click()
    await expect.poll(() => tablet.page.locator('textarea[name=notes]').inputValue()).toMatch(/^路面积尘(，未洒水)?$/)
    await tablet.page.getByRole('button', { name: '放弃草稿' }).click()
    await tablet.page.getByRole('dialog').getByRole('button', { name: '放弃草稿' }).click()
    await tablet.page.waitForURL('**/inspect')
  }, STORY_MILLISECONDS)

  it('has an inspection either sealed or still as a draft, and sends it once', async () => {
    let fen = 0
    for (const moment of ['at once', 'when it says that it saves', 'when it says that it is safe']) {
      const { page } = tablet
      await begin(page, '物料堆场')
      const id = visitOf(page)
      await fail(tablet, '在用堆场围挡、抑尘网、遮盖、喷淋')
      await page.getByRole('button', { name: '核对并提交' }).click()
      await page.locator('output.sum').waitFor()
      // Without the waiting that a click of the browser's driver does.
      await page.getByRole('button', { name: '提交封存' }).evaluate((button: HTMLButtonElement) => button.click())
      if (moment === 'when it says that it saves') await page.getByText(/正在保存|已保存在平板上/).first().waitFor()
      if (moment === 'when it says that it is safe') await page.getByText('已保存在平板上').first().waitFor()
      await kill(page)
      await openAgain(tablet)
      const again = tablet.page
      await section(again, '检查')
      await again.getByRole('heading', { name: '检查台账对象' }).waitFor()
      const drafts = await again.locator('main a.line', { hasText: '继续' }).count()
      await section(again, '我的')
      await again.getByRole('heading', { name: '我的上报' }).waitFor()
      if (drafts === 1) expect(await again.locator(`main a.line[href$="${id}"]`).count(), moment).toBe(0)
      else await again.locator(`main a.line[href$="${id}"]`).waitFor()
      if (moment === 'when it says that it is safe') expect(drafts, moment).toBe(0)
      if (drafts === 1) {
        await section(again, '检查')
        await again.locator('main a.line', { hasText: '继续' }).click()
        fen += await seal(again)
      } else {
        fen += 1_000_000
      }
      // The next of its kind: an open case of the same target would be its duplicate.
      await moveOn()
    }
    await tablet.context.setOffline(false)
    await sync(tablet.page)
    const supervisor = await Clerk.of(proxy.url, 'supervisor1')
    const cases = await supervisor.casesBy(user)
    expect(cases.map(({ pending }) => pending)).toEqual([1_000_000, 1_000_000, 1_000_000])
    expect(fen).toBe(3_000_000)
    await supervisor.close()
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  let moved = 0
  /** To another stockpile of the street. */
  async function moveOn(): Promise<void> {
    const supervisor = await Clerk.of(proxy.url, 'supervisor1')
    const { targets } = await supervisor.get<{ targets: { point: { lon: number; lat: number } }[] }>(
      '/api/v1/targets?grid=410804/002&kind=stockpile&limit=50',
    )
    await supervisor.close()
    const next = targets.at((moved += 1))
    if (next) await standAt(tablet, next)
    await tablet.page.reload()
    await typePin(tablet.page)
  }
})

describe('a tablet that goes off between registering a target and letting go of its form', () => {
  const NAME = '望湖浴池锅炉'

  it('offers nothing twice: it goes on with the target, the form is empty, and the server gets one', async () => {
    const { tablet } = await inspectorOf(6, 26_000)
    await tablet.context.setOffline(true)
    await section(tablet.page, '台账')
    await tablet.page.getByRole('button', { name: '新登记' }).click()
    await tablet.page.getByLabel('类别').selectOption({ label: '锅炉' })
    await tablet.page.locator('input[name=name]').fill(NAME)
    await tablet.page.locator('input[name=boiler_tonnage]').fill('4')
    // The register has it; what lets go of the form is never sent.
    const letGo = tablet.page.evaluate(
      () =>
        new Promise<void>((done) => {
          const send = Worker.prototype.postMessage
          Worker.prototype.postMessage = function (this: Worker, call: { method: string; args: unknown[] }) {
            if (call.method === 'keepSealedDraft' && call.args[1] === null) done()
            else send.call(this, call)
          }
        }),
    )
    await tablet.page.getByRole('button', { name: '登记', exact: true }).click()
    await letGo
    await kill(tablet.page)
    await openAgain(tablet)

    const { page } = tablet
    const toTheForm = async () => {
      await section(page, '台账')
      await page.getByRole('button', { name: '新登记' }).click()
    }
    await toTheForm()
    await page.waitForURL('**/targets/*')
    await page.getByRole('heading', { name: NAME }).waitFor()
    await toTheForm()
    await page.waitForURL('**/register/new')
    await page.getByRole('heading', { name: '新登记台账对象' }).waitFor()
    await expect.poll(() => page.locator('input[name=name]').inputValue()).toBe('')
    expect(await page.getByText('接着上次没有登记完的内容').count()).toBe(0)
    await page.getByRole('button', { name: '返回' }).click()
    await page.locator('input[name=search]').fill(NAME)
    await page.locator('main a.line', { hasText: NAME }).waitFor()
    expect(await page.locator('main a.line', { hasText: NAME }).count()).toBe(1)

    await tablet.context.setOffline(false)
    await sync(page)
    const supervisor = await Clerk.of(proxy.url, 'supervisor1')
    const { targets } = await supervisor.get<{ targets: { name: string }[] }>('/api/v1/targets?grid=410804/006&kind=boiler&limit=200')
    expect(targets.filter(({ name }) => name === NAME)).toHaveLength(1)
    await supervisor.close()
    expectClean(tablet)
    await tablet.context.close()
  }, STORY_MILLISECONDS)
})

describe('a second tab', () => {
  it('shows what the first one writes, and goes on when the first is closed', async () => {
    const { tablet } = await inspectorOf(3, 22_000)
    const first = tablet.page
    const second = await tablet.context.newPage()
    await second.goto('/tablet/')
    await second.waitForURL('**/today')
    await section(second, '我的')
    await second.getByRole('button', { name: '设置' }).click()
    await second.getByText('数据由另一个标签页打开').waitFor()
    await section(second, '检查')
    await begin(first, '道路')
    await first.locator('textarea[name=notes]').fill('第一个标签页')
    await first.getByText(/^已保存/).waitFor()
    await second.locator('main a.line', { hasText: '继续' }).waitFor()
    await first.close()
    // The keys went with the tab that held them.
    await second.waitForURL('**/unlock')
    await typePin(second)
    await second.locator('main a.line', { hasText: '继续' }).click()
    await expect.poll(() => second.locator('textarea[name=notes]').inputValue()).toBe('第一个标签页')
    expectClean(tablet)
    await tablet.context.close()
  }, STORY_MILLISECONDS)
})

describe('weeks without network', () => {
  it('end with one round: what was found then counts for its day, and the PIN still opens', async () => {
    const { tablet: before, user } = await inspectorOf(4, 23_000)
    let tablet = await restart(before, { daysAgo: WEEKS_DAYS })
    await tablet.context.setOffline(true)
    await unlock(tablet.page)
    const { fen } = await inspect(tablet, '施工工地', ['周边硬质密闭围挡'])
    expect(fen).toBeGreaterThan(0)
    tablet = await restart(tablet, { daysAgo: 0 })
    await unlock(tablet.page)
    await sync(tablet.page)
    const supervisor = await Clerk.of(proxy.url, 'supervisor1')
    const [found, ...others] = await supervisor.casesBy(user)
    expect(others).toEqual([])
    expect([found?.pending, found?.review_state]).toEqual([fen, 'under_review'])
    const days = (Date.now() - Date.parse(found?.occurred_at ?? '')) / DAY_MILLISECONDS
    expect(Math.round(days)).toBe(WEEKS_DAYS)
    await supervisor.close()
    expectClean(tablet)
    await tablet.context.close()
  }, STORY_MILLISECONDS)
})

describe('a revoked tablet', () => {
  it('keeps what it has, says that it was set apart, and nothing of it is charged', async () => {
    const { tablet, user } = await inspectorOf(5, 24_000)
    const { page, context } = tablet
    await context.setOffline(true)
    const { name } = await inspect(tablet, '物料堆场', ['在用堆场围挡、抑尘网、遮盖、喷淋'])
    const admin = await Clerk.of(proxy.url, 'admin')
    const ours = async () => {
      const { devices } = await admin.get<{ devices: { device_id: string; users: string[]; quarantined: number }[] }>('/api/v1/devices?limit=500')
      return devices.find(({ users }) => users.includes(user))
    }
    const device = await ours()
    await admin.post(`/api/v1/devices/${device?.device_id}/revoke`)
    await context.setOffline(false)
    await page.locator('.chip').click()
    await page.getByRole('button', { name: '立即同步' }).click()
    await page.locator('.chip.bad').waitFor()
    await page.getByText('已隔离（设备被停用）').waitFor()
    await section(page, '我的')
    await page.locator('main a.line', { hasText: name }).filter({ hasText: '已隔离' }).click()
    await page.locator('.strip img').first().waitFor()
    const supervisor = await Clerk.of(proxy.url, 'supervisor1')
    expect(await supervisor.casesBy(user)).toEqual([])
    expect((await ours())?.quarantined).toBe(1)
    await Promise.all([admin.close(), supervisor.close()])
    expectClean(tablet)
    await context.close()
  }, STORY_MILLISECONDS)
})

describe('an update of the app', () => {
  it('waits for an open visit, also where another tab found it, then starts by itself, and what was written is there', async () => {
    const { tablet } = await inspectorOf(7, 25_000)
    const { page } = tablet
    await begin(page, '道路')
    await page.locator('textarea[name=notes]').fill('更新之前写的')
    await page.getByText(/^已保存/).waitFor()
    const second = await tablet.context.newPage()
    await second.goto('/tablet/')
    await second.waitForURL('**/today')
    const worker = join(app, 'sw.js')
    // The compressed one beside it is of the version before.
    await rm(`${worker}.br`)
    await writeFile(worker, (await readFile(worker, 'utf8')).replace(/const VERSION = '[^']*'/, "const VERSION = 'newer'"))
    await page.evaluate(() => navigator.serviceWorker.ready.then((registration) => registration.update()))
    await page.getByText('新版本已下载，完成正在填写的内容后自动启用').waitFor()
    await second.getByText('新版本已下载，另一个标签页填写完成后启用').waitFor()
    expect(await page.locator('textarea[name=notes]').inputValue()).toBe('更新之前写的')
    await page.getByRole('button', { name: '返回' }).click()
    // It loads anew, and the keys went with the old one.
    await page.waitForURL('**/unlock')
    await typePin(page)
    await page.locator('main a.line', { hasText: '继续' }).click()
    await expect.poll(() => page.locator('textarea[name=notes]').inputValue()).toBe('更新之前写的')
    expect(await page.evaluate(() => caches.keys())).toEqual(['lantian-tablet-newer'])
    expectClean(tablet)
    await tablet.context.close()
  }, STORY_MILLISECONDS)
})
