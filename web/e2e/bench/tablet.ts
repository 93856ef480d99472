/**
 * What an inspector waits for with a large register on the tablet, on a machine four times as slow as this one: opening
 * without network, tapping, sealing, searching. Figures go to LANTIAN_BENCH_OUT as JSON; nothing asserts a time, but a
 * screen that does not show what it should fails, and so does a sealed inspection that a crash takes away.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { expect, inject, it } from 'vitest'
import { ARGUMENTS, TABLET } from '../browser'
import { slowDown } from '../slow'

/** How much slower than this machine. */
const TIMES_SLOWER = 4
/** The aims. */
const OPEN_MILLISECONDS = 2_000
const TAP_MILLISECONDS = 50
const BOOTSTRAP_MILLISECONDS = 300_000
const PIN = '271828'
const [code = '', password = '', place = '0,0', often = '1'] = (process.env.LANTIAN_BENCH_TABLET ?? '').split(' ')
const [lon = 0, lat = 0] = place.split(',').map(Number)
const RUNS = Number(often)

const figures: { what: string; milliseconds: number[]; most?: number }[] = []

function note(what: string, milliseconds: number[], most?: number): void {
  figures.push({ what, milliseconds, ...(most === undefined ? {} : { most }) })
}

function start(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env.LANTIAN_CHROMIUM ?? '/usr/bin/chromium',
    args: ARGUMENTS,
    baseURL: inject('url'),
    viewport: TABLET,
    locale: 'zh-CN',
    permissions: ['geolocation'],
    geolocation: { longitude: lon, latitude: lat, accuracy: 8 },
    hasTouch: true,
  })
}

async function typePin(page: Page): Promise<void> {
  for (const digit of PIN) await page.locator('.keys').getByText(digit, { exact: true }).click()
}

/** Enrols, and waits for the whole register; how long that took from the last button on. */
async function enrol(page: Page): Promise<number> {
  await page.goto(`/tablet/enrol#${code}`)
  await page.locator('input[name=device]').fill('平板')
  await page.locator('button[type=submit]').click()
  await page.waitForURL('**/sign-in/*')
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.waitForURL('**/pin')
  for (const time of ['chosen', 'again']) {
    expect(time).not.toBe('')
    await typePin(page)
    await page.locator('.keys .go').click()
  }
  const began = performance.now()
  await page.waitForURL('**/today')
  await page.locator('.chip.good').waitFor({ timeout: BOOTSTRAP_MILLISECONDS })
  const took = performance.now() - began
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true))
  return took
}

/**
 * Does something to an element, by a button; milliseconds until what a selector names is there and painted. Measured on the
 * page by its own clock, which stands still for nobody.
 */
function until(page: Page, button: string, shows: string): Promise<number> {
  return page.locator(button).first().evaluate((target, shows) => {
    const began = performance.now()
    ;(target as HTMLElement).click()
    return new Promise<number>((done) => {
      const look = () => {
        if (document.querySelector(shows) !== null) requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
        else requestAnimationFrame(look)
      }
      look()
    })
  }, shows)
}

/** Opens the app without network: until the pad is there, and from the PIN's last button until the day is painted. */
async function open(page: Page): Promise<[number, number]> {
  await page.goto('about:blank')
  await page.goto('/tablet/', { waitUntil: 'commit' })
  const pad = await page.locator('.keys .go').evaluate(
    () => new Promise<number>((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now())))),
  )
  await typePin(page)
  return [pad, await until(page, '.keys .go', 'main a[href*="/targets/"]')]
}

const VERDICTS = '.verdicts'

/** Begins an inspection of the nearest site. */
async function begin(page: Page): Promise<void> {
  await page.locator('main a[href*="/targets/"]').first().click()
  await page.getByRole('button', { name: '开始检查' }).click()
  await page.locator(VERDICTS).first().waitFor()
}

async function measureTaps(page: Page): Promise<number[]> {
  const took: number[] = []
  for (const verdict of ['pass', 'fail', 'not_applicable', 'pass']) {
    took.push(await until(page, `${VERDICTS} .${verdict}`, `${VERDICTS} .${verdict}[aria-pressed=true]`))
  }
  return took
}

it('measures', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lantian-tablet-'))
  let context = await start(folder)
  let page = context.pages()[0] ?? (await context.newPage())
  note('enrolled, from the PIN until the register is there (not slowed)', [await enrol(page)])
  await context.close()

  context = await start(folder)
  page = context.pages()[0] ?? (await context.newPage())
  await context.setOffline(true)
  const mend = slowDown(folder, TIMES_SLOWER)
  const [pads, days, taps, evaluations, seals, searches]: number[][] = [[], [], [], [], [], []]
  for (let run = 0; run < RUNS; run += 1) {
    const [pad, day] = await open(page)
    pads?.push(pad)
    days?.push(day)
    await begin(page)
    taps?.push(...(await measureTaps(page)))
    evaluations?.push(await until(page, 'button:has-text("核对并提交")', 'output.sum'))
    seals?.push(await until(page, 'button:has-text("提交封存")', '.notice.good'))
    await page.getByRole('button', { name: '回到今日' }).click()
    await page.getByRole('navigation').getByRole('link', { name: '台账' }).click()
    const field = page.locator('input[name=search]')
    await field.waitFor()
    searches?.push(
      await field.evaluate((field: HTMLInputElement) => {
        const before = document.querySelector('main a[href*="/targets/"] .strong')?.textContent
        const began = performance.now()
        field.value = '九里山2'
        field.dispatchEvent(new Event('input', { bubbles: true }))
        return new Promise<number>((done) => {
          const look = () => {
            const now = document.querySelector('main a[href*="/targets/"] .strong')?.textContent
            if (now !== before && now?.includes('九里山') === true) requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
            else requestAnimationFrame(look)
          }
          look()
        })
      }),
    )
  }
  await mend()
  // Not one of those that the screen called safe may be gone, however the page ends.
  const crash = page.waitForEvent('crash')
  const cdp = await context.newCDPSession(page)
  void cdp.send('Page.crash').catch(() => undefined)
  await crash
  const after = await context.newPage()
  await page.close()
  await open(after)
  await after.getByRole('navigation').getByRole('link', { name: '我的' }).click()
  await after.locator('main a[href*="/mine/"]').first().waitFor()
  expect(await after.locator('main a[href*="/mine/"]').count()).toBe(RUNS)

  note('opening without network: until the pad for the PIN is painted', pads ?? [])
  note('opening without network: from the PIN until the day is painted', days ?? [], OPEN_MILLISECONDS)
  note('opening without network: both', (pads ?? []).map((pad, run) => pad + (days?.[run] ?? 0)), OPEN_MILLISECONDS)
  note('tapping an answer, until it is painted', taps ?? [], TAP_MILLISECONDS)
  note('what follows from a visit, until it is painted', evaluations ?? [])
  note('sealing, durable, until the screen says so', seals ?? [])
  note('searching while typing, until the targets are painted', searches ?? [])
  await context.close()
  await rm(folder, { recursive: true, force: true })
  await writeFile(process.env.LANTIAN_BENCH_OUT ?? 'figures.json', JSON.stringify(figures))
})
