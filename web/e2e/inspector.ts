/**
 * An inspector with a tablet: a browser of its own with the databases that it keeps, a camera that sees a drawn picture,
 * and a position. Watched like a desk: a page that asks another host or breaks its content policy fails its story.
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page, type Worker } from 'playwright-core'
import { expect, inject } from 'vitest'
import { ARGUMENTS, launch } from './browser'
import { drawPhoto, type Target } from './field'
import { PASSWORD } from './office'
import { watch } from './watch'

export { expectClean } from './watch'

export const TABLET_UPRIGHT = { width: 800, height: 1280 }
export const TABLET_ACROSS = { width: 1280, height: 800 }
export const PHONE = { width: 390, height: 844 }

export const PIN = '271828'

/** What the GNSS receiver says of itself, in metres. */
const ACCURACY = 12
/** A round with some photos, on a busy machine. */
const SYNC_MILLISECONDS = 60_000
const DAY_MILLISECONDS = 86_400_000
/** Pictures that are drawn at once. */
const PICTURES = 8

export interface TabletOptions {
  /** The server; that of all stories where absent. */
  url?: string
  viewport?: { width: number; height: number }
  language?: 'zh' | 'en'
  /** The tablet that was closed, to be opened again. */
  folder?: string
  /** Seeds what the camera sees: each tablet's own, for the same photo twice is one photo. */
  seed?: number
  /** How far back the tablet's clock stands, in days. */
  daysAgo?: number
}

export interface Tablet {
  page: Page
  context: BrowserContext
  /** Where the browser keeps everything; the same folder opens the same tablet again. */
  folder: string
  /** The picture that the camera sees, read whenever it opens. */
  camera: string
  /** Places that the camera has seen. */
  seen: number
  /** Where the tablet stands, once somebody took it there. */
  place?: Pick<Target, 'point'>
  /** What went wrong on the pages so far, besides answers that a story expects. */
  faults: string[]
  options: TabletOptions
}

export async function openTablet(options: TabletOptions = {}): Promise<Tablet> {
  const url = options.url ?? inject('url')
  const folder = options.folder ?? (await mkdtemp(join(inject('folder'), 'tablet-')))
  const camera = join(folder, 'camera.mjpeg')
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: process.env.LANTIAN_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...ARGUMENTS,
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${camera}`,
    ],
    baseURL: url,
    viewport: options.viewport ?? TABLET_UPRIGHT,
    locale: 'zh-CN',
    timezoneId: 'Europe/Berlin',
    permissions: ['geolocation', 'camera'],
    hasTouch: true,
    acceptDownloads: true,
  })
  if (options.language === 'en') {
    await context.addInitScript(() => localStorage.setItem('lantian.language', 'en'))
  }
  const faults: string[] = []
  const behind = (options.daysAgo ?? 0) * DAY_MILLISECONDS
  if (behind > 0) await context.addInitScript(setBack, behind)
  const page = context.pages()[0] ?? (await context.newPage())
  const watched = (one: Page) => {
    watch(one, url, faults)
    // Workers tell the time themselves. They ask for it first when somebody unlocks.
    if (behind > 0) one.on('worker', (worker: Worker) => void worker.evaluate(setBack, behind).catch(() => undefined))
  }
  context.pages().forEach(watched)
  context.on('page', watched)
  const tablet: Tablet = { page, context, folder, camera, seen: 0, faults, options }
  if (options.folder === undefined) await lookElsewhere(tablet)
  return tablet
}

/** Closes the browser and opens it again, as somebody who switches the tablet off and on. */
export async function restart(tablet: Tablet, changed: TabletOptions = {}): Promise<Tablet> {
  await tablet.context.close()
  const again = await openTablet({ ...tablet.options, ...changed, folder: tablet.folder })
  again.faults.push(...tablet.faults)
  again.seen = tablet.seen
  if (tablet.place) await standAt(again, tablet.place)
  return again
}

/** From now on the camera sees this picture, a JPEG, whenever it opens. */
export function pointCameraAt(tablet: Tablet, picture: string): Promise<void> {
  return copyFile(picture, tablet.camera)
}

/** From now on the camera sees a place that it has not seen before. */
export async function lookElsewhere(tablet: Tablet): Promise<void> {
  const picture = (nth: number) => join(tablet.folder, `place-${nth}.jpg`)
  tablet.seen += 1
  if (!existsSync(picture(tablet.seen))) {
    const draughtsman = await launch()
    for (let nth = tablet.seen; nth < tablet.seen + PICTURES; nth += 1) {
      await drawPhoto(draughtsman, picture(nth), (tablet.options.seed ?? 7_000) + nth, false)
    }
    await draughtsman.close()
  }
  await pointCameraAt(tablet, picture(tablet.seen))
}

/** Sets a page's or a worker's clock back. */
function setBack(behind: number): void {
  const Real = Date
  globalThis.Date = class extends Real {
    constructor(...given: [] | [string | number]) {
      super(...((given.length === 0 ? [Real.now() - behind] : given) as [number]))
    }
    static override now(): number {
      return Real.now() - behind
    }
  } as DateConstructor
  if ('GeolocationPosition' in globalThis) {
    Object.defineProperty(GeolocationPosition.prototype, 'timestamp', { get: () => Date.now() })
  }
}

/** Stands some metres from a target. */
export async function standAt(tablet: Tablet, place: Pick<Target, 'point'>): Promise<void> {
  const { point } = place
  tablet.place = place
  await tablet.context.setGeolocation({ longitude: point.lon + 0.0002, latitude: point.lat + 0.0001, accuracy: ACCURACY })
}

/** Types the digits of a PIN on the pad. */
export async function typeDigits(page: Page, pin = PIN): Promise<void> {
  for (const digit of pin) await page.locator('.keys').getByText(digit, { exact: true }).click()
}

/** Types a PIN on the pad and goes on. */
export async function typePin(page: Page, pin = PIN): Promise<void> {
  await typeDigits(page, pin)
  await page.locator('.keys .go').click()
}

/** Opens the app on a tablet that knows its inspector, and unlocks. */
export async function unlock(page: Page, pin = PIN): Promise<void> {
  await page.goto('/tablet/')
  await typePin(page, pin)
  await page.waitForURL('**/today')
}

/** From the form with a code in it: signs in and sets a PIN; the register begins to come. */
export async function signInWithCode(page: Page, password = PASSWORD): Promise<void> {
  await page.locator('input[name=device]').fill('平板')
  await page.locator('button[type=submit]').click()
  await page.waitForURL('**/sign-in/*')
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.waitForURL('**/pin')
  await typePin(page)
  await typePin(page)
}

/** From the form with a code in it: signs in, sets a PIN and waits for the first register. */
export async function joinWithCode(page: Page, password = PASSWORD): Promise<void> {
  await signInWithCode(page, password)
  await page.waitForURL('**/today')
  await page.locator('.chip.good').waitFor({ timeout: SYNC_MILLISECONDS })
}

/** Enrols by the address that the administrator hands over. */
export async function enrol({ page }: Tablet, code: string): Promise<void> {
  await page.goto(`/tablet/enrol#${code}`)
  await joinWithCode(page)
}

/** By the main sections. */
export async function section(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click()
}

/** The service worker has the whole app. */
export async function keptWhole(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true))
}

/** Rounds of the sync, by hand, until nothing waits: a busy server may judge a photo after the round that sent it. */
export async function sync(page: Page, timeout = SYNC_MILLISECONDS): Promise<void> {
  await page.locator('.chip').click()
  const now = page.getByRole('button', { name: /^(立即同步|Sync now)$/ })
  const round = async () => {
    await now.click()
    await now.waitFor()
    return page.locator('.chip.good').count()
  }
  await expect.poll(round, { timeout, interval: 500 }).toBe(1)
  await section(page, (await page.locator('html').getAttribute('lang'))?.startsWith('en') ? 'Today' : '今日')
}

/** Opens the nearest target of a kind and begins an inspection there. */
export async function begin(page: Page, kind: string): Promise<string> {
  await section(page, '台账')
  await page.getByLabel('类别').selectOption({ label: kind })
  const first = page.locator('main a.line').first()
  await first.filter({ hasText: kind }).waitFor()
  const name = await first.locator('.strong').first().innerText()
  await first.click()
  await page.getByRole('button', { name: '开始检查' }).click()
  await page.waitForURL('**/inspect/*')
  return name
}

/** One photo with the camera, used; the camera is open. */
export async function shoot(page: Page): Promise<void> {
  await page.locator('.shutter:enabled').click()
  await page.getByRole('button', { name: /^(使用照片|Use it)$/ }).click()
  await page.locator('.shutter').waitFor()
}

/** Fails a question with one photo. */
export async function fail(tablet: Tablet, question: string): Promise<void> {
  const { page } = tablet
  await lookElsewhere(tablet)
  const card = page.locator('section.panel', { has: page.getByRole('heading', { name: question }) })
  await card.getByRole('button', { name: '不符合' }).click()
  await card.getByRole('button', { name: '拍照' }).click()
  await shoot(page)
  await page.getByRole('button', { name: '完成' }).click()
  await card.getByText('需要 1 张，已有 1 张').waitFor()
}

/** Signs on the pad with a finger, and presses nothing. */
export async function draw(page: Page, dip = 140): Promise<void> {
  const pad = page.locator('canvas[role=img]')
  await pad.scrollIntoViewIfNeeded()
  const box = await pad.boundingBox()
  if (!box) throw new Error('no pad')
  await page.mouse.move(box.x + 40, box.y + 60)
  await page.mouse.down()
  await page.mouse.move(box.x + 160, box.y + dip, { steps: 6 })
  await page.mouse.move(box.x + 260, box.y + 50, { steps: 6 })
  await page.mouse.up()
}

/** The amount that the screen shows as the total, in fen. */
export async function total(page: Page): Promise<number> {
  const said = await page.locator('output.sum').innerText()
  return Math.round(Number(said.replace(/[¥,]/g, '')) * 100)
}

/** Seals what is filled in, and says what the tablet showed for it, in fen. */
export async function seal(page: Page): Promise<number> {
  await page.getByRole('button', { name: '核对并提交' }).click()
  await page.locator('output.sum').waitFor()
  const before = await total(page)
  await page.getByRole('button', { name: '提交封存' }).click()
  await page.getByText('已保存在平板上').first().waitFor()
  expect(await total(page)).toBe(before)
  await page.getByRole('button', { name: '回到今日' }).click()
  await page.waitForURL('**/today')
  return before
}

/** A whole visit in one go: the nearest of a kind, with these questions failed. */
export async function inspect(tablet: Tablet, kind: string, fails: readonly string[]): Promise<{ name: string; fen: number }> {
  const name = await begin(tablet.page, kind)
  for (const question of fails) await fail(tablet, question)
  return { name, fen: await seal(tablet.page) }
}
