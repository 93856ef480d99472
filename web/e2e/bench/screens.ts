/**
 * What people wait for in a district of 100,000 cases: from the click to the painted screen, in one browser; and how
 * soon another browser shows what changed. Figures go to LANTIAN_BENCH_OUT as JSON; nothing asserts a time, but a
 * screen that does not show what it should fails.
 */
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { OFFICE_PC, launch } from '../browser'

const RUNS = 15
const MAP_RUNS = 7
/** The aims of lists and filters, and of a change on another screen. */
const FIRST_PAINT_MILLISECONDS = 1_000
const ANSWER_MILLISECONDS = 300
const CHANGE_MILLISECONDS = 2_000
/** How long a search waits for the next key before it asks. */
const TYPING_MILLISECONDS = 300
const MAP_MILLISECONDS = 60_000

interface Figure {
  what: string
  milliseconds: number[]
  most?: number
}

const figures: Figure[] = []
const [rareWord = '', commonWord = ''] = (process.env.LANTIAN_BENCH_WORDS ?? '').split(',')

async function measure(what: string, most: number | undefined, runs: number, once: () => Promise<number>): Promise<void> {
  const milliseconds: number[] = []
  for (let run = 0; run < runs; run += 1) milliseconds.push(await once())
  figures.push({ what, milliseconds, ...(most === undefined ? {} : { most }) })
}

/** A signed-in browser of its own, with nothing in its cache. */
async function desk(browser: Browser, state: Awaited<ReturnType<BrowserContext['storageState']>>): Promise<Page> {
  const context = await browser.newContext({ baseURL: inject('url'), viewport: OFFICE_PC, locale: 'zh-CN', storageState: state })
  const page = await context.newPage()
  // When what is looked for was painted first, in milliseconds since the navigation began.
  await page.addInitScript(() => {
    const look = () => {
      const found = document.querySelector('main tbody tr, main .columns, main dl b, main canvas') !== null
      if (found) requestAnimationFrame(() => setTimeout(() => document.documentElement.setAttribute('data-painted', String(performance.now()))))
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  return page
}

async function signIn(browser: Browser, username: string) {
  const context = await browser.newContext({ baseURL: inject('url') })
  const answer = await context.request.post('/api/v1/sessions', { data: { username, password: process.env.LANTIAN_BENCH_PASSWORD } })
  expect(answer.status()).toBe(201)
  return { context, state: await context.storageState() }
}

/** Opens a screen; milliseconds from the navigation to the first paint of its rows. */
async function painted(page: Page, path: string): Promise<number> {
  await page.goto(path, { waitUntil: 'commit' })
  const place = page.locator('html[data-painted]')
  await place.waitFor()
  return Number(await place.getAttribute('data-painted'))
}

/** Does something to an element; milliseconds until the part of the page that `shows` names is another and painted. */
function until(element: Locator, shows: string, act: 'click' | { type: string } = 'click'): Promise<number> {
  return element.evaluate(
    (target, given) => {
      const text = () => document.querySelector(given.shows)?.textContent ?? ''
      const before = text()
      const began = performance.now()
      if (given.act === 'click') (target as HTMLElement).click()
      else {
        ;(target as HTMLInputElement).value = given.act.type
        target.dispatchEvent(new Event('input', { bubbles: true }))
      }
      return new Promise<number>((done) => {
        const look = () => {
          const now = text()
          if (now !== '' && now !== before) requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      })
    },
    { shows, act },
  )
}

const ROWS = 'main tbody'

async function choose(page: Page, field: string, at: number): Promise<Locator> {
  await page.getByRole('combobox', { name: field }).click()
  const option = page.getByRole('option').nth(at)
  await option.waitFor()
  return option
}

async function measureQueue(browser: Browser, state: Awaited<ReturnType<BrowserContext['storageState']>>): Promise<void> {
  await measure('queue, first paint, nothing in the cache', FIRST_PAINT_MILLISECONDS, RUNS, async () => {
    const page = await desk(browser, state)
    const took = await painted(page, '/queue')
    await page.context().close()
    return took
  })
  const page = await desk(browser, state)
  await painted(page, '/queue')
  await measure('queue, first paint', FIRST_PAINT_MILLISECONDS, RUNS, () => painted(page, '/queue'))
  const tab = (name: string) => page.getByRole('tab', { name: new RegExp(`^${name}`) })
  await measure('filter: state with 78,000 cases, and back', ANSWER_MILLISECONDS, RUNS, async () => {
    const there = await until(tab('已认定'), ROWS)
    return Math.max(there, await until(tab('待审核'), ROWS))
  })
  await measure('filter: all states', ANSWER_MILLISECONDS, RUNS, async () => {
    await painted(page, '/queue')
    return until(tab('全部'), ROWS)
  })
  await measure('filter: unit, among all states', ANSWER_MILLISECONDS, RUNS, async () => {
    await painted(page, '/queue?state=all')
    return until(await choose(page, '责任单位', 1), ROWS)
  })
  await measure('next page', ANSWER_MILLISECONDS, RUNS, async () => {
    await painted(page, '/queue?state=all')
    return until(page.getByRole('button', { name: '下一页' }), ROWS)
  })
  await measure('sort by amount, those to be reviewed', ANSWER_MILLISECONDS, RUNS, async () => {
    await painted(page, '/queue')
    return until(page.getByRole('button', { name: /^金额/ }), ROWS)
  })
  await measure('sort by amount, all states', undefined, RUNS, async () => {
    await painted(page, '/queue?state=all')
    return until(page.getByRole('button', { name: /^金额/ }), ROWS)
  })
  for (const [what, word] of [['1 of 200', rareWord], ['1 of 8', commonWord]] as const) {
    await measure(`search: two characters that are in ${what} cases, after the pause of typing`, ANSWER_MILLISECONDS, RUNS, async () => {
      await painted(page, '/queue?state=all')
      return (await until(page.locator('input[data-search], [data-search] input').first(), ROWS, { type: word })) - TYPING_MILLISECONDS
    })
  }
  await measure('opening a case', ANSWER_MILLISECONDS, RUNS, async () => {
    await painted(page, '/queue')
    return until(page.locator('main tbody tr').first(), 'main .columns')
  })
  await measure('confirming a case, until the next one is open', FIRST_PAINT_MILLISECONDS, RUNS, async () => {
    const here = page.url()
    await page.getByRole('button', { name: /^认定/ }).first().click()
    const go = page.getByRole('dialog').getByRole('button', { name: /认定/ })
    await go.waitFor()
    const took = await until(go, 'main .columns')
    await page.waitForURL((url) => url.href !== here)
    return took
  })
  await page.context().close()
}

/** The map until it stands still with all its points. */
async function map(page: Page, path: string, least: number): Promise<number> {
  const began = performance.now()
  await page.goto(path, { waitUntil: 'commit' })
  await page.waitForFunction(
    (points) => Number(document.querySelector('[data-shown]')?.getAttribute('data-shown') ?? 0) >= points,
    least,
    { timeout: MAP_MILLISECONDS },
  )
  return performance.now() - began
}

async function measureOthers(browser: Browser, state: Awaited<ReturnType<BrowserContext['storageState']>>): Promise<void> {
  const page = await desk(browser, state)
  await painted(page, '/map')
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)
  await measure('map, the points of 30 days', undefined, MAP_RUNS, () => map(page, '/map', 2_000))
  await measure('map, the points of 300 days', undefined, MAP_RUNS, () => map(page, `/map?from=${day(300)}&to=${day(0)}`, 30_000))
  await measure('overview of 90 days, first paint', FIRST_PAINT_MILLISECONDS, RUNS, () =>
    painted(page, `/overview?from=${day(90)}&to=${day(0)}`),
  )
  await measure('month with its totals, first paint', FIRST_PAINT_MILLISECONDS, RUNS, () => painted(page, '/months'))
  await page.context().close()
}

/** How soon a second browser shows what was decided in the first. */
async function measureChanges(browser: Browser): Promise<void> {
  const [one, other] = [await signIn(browser, 'zhang'), await signIn(browser, 'zhang')]
  const page = await desk(browser, other.state)
  await painted(page, '/queue')
  await page.getByText('实时更新').waitFor()
  const { csrf_token } = (await (await one.context.request.get('/api/v1/sessions/current')).json()) as { csrf_token: string }
  await measure('a case that was returned leaves the queue on another screen', CHANGE_MILLISECONDS, RUNS, async () => {
    const first = page.locator('main tbody tr').first().locator('a').first()
    const id = (await first.getAttribute('href'))?.split('/').at(-1) ?? ''
    const { version } = (await (await one.context.request.get(`/api/v1/cases/${id}`)).json()) as { version: number }
    const began = performance.now()
    const answer = await one.context.request.post(`/api/v1/cases/${id}/decisions`, {
      data: { kind: 'return', expected_version: version, request_id: randomUUID(), reason: '请补拍全景和近景' },
      headers: { 'x-csrf-token': csrf_token },
    })
    expect(answer.status()).toBe(200)
    await page.waitForFunction((gone) => document.querySelector(`main tbody a[href$="${gone}"]`) === null, id)
    return performance.now() - began
  })
  for (const context of [page.context(), one.context, other.context]) await context.close()
}

// Closed however the measuring ends: a browser that is left keeps the program from ending.
let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

it('measures', async () => {
  const { state, context } = await signIn(browser, 'zhang')
  await measureQueue(browser, state)
  await measureOthers(browser, state)
  await measureChanges(browser)
  await context.close()
  await writeFile(process.env.LANTIAN_BENCH_OUT ?? 'figures.json', JSON.stringify(figures))
})
