/**
 * What an inspector waits for with a large register on the tablet, on a machine four times as slow as this one: opening
 * without network, tapping, sealing, searching; slowed as a whole, and by the throttle that everybody has. Figures go to LANTIAN_BENCH_OUT as JSON; nothing asserts a time, but a
 * screen that does not show what it should fails, and so does a sealed inspection that a crash takes away.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { expect, inject, it } from 'vitest'
import { ARGUMENTS, TABLET } from '../browser'
import { signInWithCode, typeDigits } from '../inspector'
import { slowDown } from '../slow'

/** How much slower than this machine. */
const TIMES_SLOWER = 4

/** How a browser is made slower, and what undoes it. */
interface Slowing {
  called: string
  slow: (context: BrowserContext, page: Page, folder: string) => Promise<() => Promise<void>>
}

const SLOWINGS: Slowing[] = [
  { called: 'every process stands still for three quarters of the time', slow: (_context, _page, folder) => Promise.resolve(slowDown(folder, TIMES_SLOWER)) },
  { called: "the developer tools' throttle", slow: throttle },
]

/** Slows the page's own thread, not its worker. */
async function throttle(context: BrowserContext, page: Page): Promise<() => Promise<void>> {
  const cdp = await context.newCDPSession(page)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: TIMES_SLOWER })
  return async () => {
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 })
    await cdp.detach()
  }
}

/** The aims. */
const OPEN_MILLISECONDS = 2_000
const TAP_MILLISECONDS = 50
const BOOTSTRAP_MILLISECONDS = 300_000
/** What one step may take at most, and all steps of a run: far beyond every aim, so that a bench that hangs ends and says where. */
const STEP_MILLISECONDS = 60_000
const RUN_MILLISECONDS = 180_000
const [code = '', password = '', place = '0,0', often = '1'] = (process.env.LANTIAN_BENCH_TABLET ?? '').split(' ')
const [lon = 0, lat = 0] = place.split(',').map(Number)
const RUNS = Number(often)

const figures: { what: string; milliseconds: number[]; most?: number }[] = []

/** How far it is, at once. */
function say(line: string): void {
  console.error(`   ${line}`)
}

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

/** Enrols, and waits for the whole register; how long that took from the last button on. */
async function enrol(page: Page): Promise<number> {
  say('enrolling')
  await page.goto(`/tablet/enrol#${code}`)
  await signInWithCode(page, password)
  const began = performance.now()
  await page.waitForURL('**/today')
  say('waiting for the register')
  await page.locator('.chip.good').waitFor({ timeout: BOOTSTRAP_MILLISECONDS })
  const took = performance.now() - began
  await page.waitForFunction(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated')
  return took
}

interface Shown {
  /** What to press, or to type into. */
  element: string
  typed?: string
  /** What must be there then, and the text of the first one, where it is another than before. */
  shows: string
  says?: string
}

/** Presses or types; milliseconds until what must show is there and painted, by the page's own clock, which stands still for nobody. */
function until(page: Page, shown: Shown): Promise<number> {
  return page.locator(shown.element).first().evaluate(
    (target, { typed, shows, says, most }) => {
      const there = () => document.querySelector(shows)?.textContent
      const before = there()
      const began = performance.now()
      if (typed !== undefined && target instanceof HTMLInputElement) {
        target.value = typed
        target.dispatchEvent(new Event('input', { bubbles: true }))
      } else if (target instanceof HTMLElement) target.click()
      const isThere = () => {
        const now = there()
        return says === undefined ? now !== undefined : now !== before && now?.includes(says) === true
      }
      return new Promise<number>((done, fail) => {
        setTimeout(() => fail(new Error(`${shows} did not show within ${most} ms`)), most)
        const look = () => {
          if (isThere()) requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
          else requestAnimationFrame(look)
        }
        look()
      })
    },
    { ...shown, most: STEP_MILLISECONDS },
  )
}

/** The mark of a page whose pad for the PIN is painted: it looks itself, since a driver that asks comes up to half a second late. */
const PAD = 'pad'

/** Runs in every page before its scripts. */
function markPad(name: string): void {
  const watcher = new MutationObserver(() => {
    if (document.querySelector('.keys .go') === null) return
    watcher.disconnect()
    requestAnimationFrame(() => setTimeout(() => performance.mark(name)))
  })
  watcher.observe(document, { childList: true, subtree: true })
}

/** Opens the app without network: until the pad is there, and from the PIN's last button until the day is painted. */
async function open(page: Page): Promise<[number, number]> {
  await page.goto('about:blank')
  await page.goto('/tablet/', { waitUntil: 'commit' })
  await page.locator('.keys .go').waitFor()
  const pad = await page.evaluate(
    (name) =>
      new Promise<number>((done) => {
        const watcher = new PerformanceObserver((list) => list.getEntriesByName(name).forEach(({ startTime }) => done(startTime)))
        watcher.observe({ type: 'mark', buffered: true })
      }),
    PAD,
  )
  await typeDigits(page)
  return [pad, await until(page, { element: '.keys .go', shows: TARGETS })]
}

const TARGETS = 'main a[href*="/targets/"]'
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
    took.push(await until(page, { element: `${VERDICTS} .${verdict}`, shows: `${VERDICTS} .${verdict}[aria-pressed=true]` }))
  }
  return took
}

interface Run {
  pad: number
  day: number
  taps: number[]
  evaluation: number
  seal: number
  search: number
}

/** One round of what an inspector does, without network. */
async function measureRun(page: Page): Promise<Run> {
  const [pad, day] = await open(page)
  await begin(page)
  const taps = await measureTaps(page)
  const evaluation = await until(page, { element: 'button:has-text("核对并提交")', shows: 'output.sum' })
  const seal = await until(page, { element: 'button:has-text("提交封存")', shows: '.notice.good' })
  await page.getByRole('button', { name: '回到今日' }).click()
  await page.getByRole('navigation').getByRole('link', { name: '台账' }).click()
  await page.locator('input[name=search]').waitFor()
  const search = await until(page, { element: 'input[name=search]', typed: '九里山2', shows: `${TARGETS} .strong`, says: '九里山' })
  return { pad, day, taps, evaluation, seal, search }
}

/** Not one of those that the screen called safe may be gone, however the page ends. */
async function crashAndCount(context: BrowserContext, page: Page): Promise<void> {
  const crash = page.waitForEvent('crash')
  const cdp = await context.newCDPSession(page)
  void cdp.send('Page.crash').catch(() => undefined)
  await crash
  const after = await context.newPage()
  await page.close()
  await open(after)
  await after.getByRole('navigation').getByRole('link', { name: '我的' }).click()
  await after.locator('main a[href*="/mine/"]').first().waitFor()
  expect(await after.locator('main a[href*="/mine/"]').count()).toBe(RUNS * SLOWINGS.length)
}

async function measure(folder: string): Promise<void> {
  const enrolling = await start(folder)
  try {
    const took = await enrol(enrolling.pages()[0] ?? (await enrolling.newPage()))
    note('enrolled, from the PIN until the register is there (not slowed)', [took])
    say(`the register is there, after ${Math.round(took)} ms`)
  } finally {
    await enrolling.close()
  }
  const context = await start(folder)
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    await context.addInitScript(markPad, PAD)
    await context.setOffline(true)
    for (const slowing of SLOWINGS) await measureSlowed(context, page, folder, slowing)
    say('a crash')
    await crashAndCount(context, page)
  } finally {
    await context.close()
  }
}

async function measureSlowed(context: BrowserContext, page: Page, folder: string, { called, slow }: Slowing): Promise<void> {
  say(called)
  const runs: Run[] = []
  const mend = await slow(context, page, folder)
  try {
    for (let number = 1; number <= RUNS; number += 1) {
      const run = await measureRun(page)
      runs.push(run)
      const [opened, tapped, sealed, searched] = [run.pad + run.day, Math.max(...run.taps), run.seal, run.search].map(Math.round)
      say(`run ${number} of ${RUNS}: opened ${opened} ms, tapped ${tapped} ms, sealed ${sealed} ms, searched ${searched} ms`)
    }
  } finally {
    await mend()
  }
  const told = (what: string, milliseconds: number[], most?: number) => note(`${called}: ${what}`, milliseconds, most)
  told('opening without network: until the pad for the PIN is painted', runs.map(({ pad }) => pad))
  told('opening without network: from the PIN until the day is painted', runs.map(({ day }) => day), OPEN_MILLISECONDS)
  told('opening without network: both', runs.map(({ pad, day }) => pad + day), OPEN_MILLISECONDS)
  told('tapping an answer, until it is painted', runs.flatMap(({ taps }) => taps), TAP_MILLISECONDS)
  told('what follows from a visit, until it is painted', runs.map(({ evaluation }) => evaluation))
  told('sealing, durable, until the screen says so', runs.map(({ seal }) => seal))
  told('searching while typing, until the targets are painted', runs.map(({ search }) => search))
}

it('measures', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lantian-tablet-'))
  try {
    await measure(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  await writeFile(process.env.LANTIAN_BENCH_OUT ?? 'figures.json', JSON.stringify(figures))
}, BOOTSTRAP_MILLISECONDS + (RUNS * SLOWINGS.length + 1) * RUN_MILLISECONDS)
