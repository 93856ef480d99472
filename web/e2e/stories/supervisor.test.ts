/** A supervisor's day: queue, evidence, decisions, duplicates, doubts, rectification. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch } from '../browser'
import { decide, enterFinding, freeTargets, order } from '../charges'
import { ask, cleanCases, enter, expectClean, openDesk, signIn, SOON, type ListedCase } from '../office'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

describe('a supervisor', () => {
  it('signs in, filters the queue, confirms a case, and the next one opens by itself', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await signIn(desk, 'supervisor1')
    await page.waitForURL('**/queue')
    await page.locator('[role=tab][aria-selected=true]', { hasText: '待审核' }).waitFor()
    const [first, second] = await cleanCases(desk, 'catering_fume')
    expect(second).toBeDefined()
    await page.goto('/queue?item=catering_fume')
    await page.locator('main tbody tr', { hasText: first?.target_name ?? '' }).click()
    await page.waitForURL(`**/cases/${first?.case_id}`)
    await page.locator('section img').first().waitFor()
    await page.getByText(/SHA-256 [0-9a-f]{8}/).first().waitFor()
    await page.locator('button', { hasText: '认定' }).first().click()
    const dialog = page.getByRole('dialog', { name: '认定本案' })
    await dialog.getByText('台账只增不改').waitFor()
    await dialog.getByRole('button', { name: /认定/ }).click()
    await page.waitForURL(`**/cases/${second?.case_id}`)
    const decided = await ask<ListedCase>(desk, `/api/v1/cases/${first?.case_id}`)
    expect([decided.review_state, decided.posted]).toEqual(['confirmed', first?.pending])
    expectClean(desk)
  })

  it('finds a case by two characters of its target, and the address bar keeps them', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue?state=all')
    const { cases } = await ask<{ cases: ListedCase[] }>(desk, '/api/v1/cases?item=site_dust&limit=200')
    const name = cases.at(-1)?.target_name ?? ''
    const two = name.slice(0, 2)
    const rows = page.getByRole('table', { name: '案件列表' }).locator('tbody tr')
    const without = async () => (await rows.allInnerTexts()).filter((text) => !text.includes(two))
    await rows.first().waitFor()
    expect(await without()).not.toEqual([])
    await page.keyboard.press('/')
    await page.keyboard.type(two)
    await page.waitForURL((url) => url.searchParams.get('text') === two)
    await expect.poll(without, SOON).toEqual([])
    await rows.filter({ hasText: name }).first().waitFor()
    await page.reload()
    await rows.filter({ hasText: name }).first().waitFor()
    expect(await without()).toEqual([])
    expect(await page.getByRole('textbox', { name: '搜索' }).inputValue()).toBe(two)
    expectClean(desk)
  })

  it('sees what a photo says of itself, its stamped copy, and how far from the target it was seen', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/account')
    const [target] = await freeTargets(desk, 1)
    if (!target) throw new Error('no eatery of street 1 is free')
    const occurred = Date.now() - 5 * 3_600_000
    const seenFrom = { lon: target.point.lon + 0.015, lat: target.point.lat + 0.004 }
    const photo = { taken_at: new Date(occurred - 180_000).toISOString(), point: { lon: seenFrom.lon + 0.001, lat: seenFrom.lat } }
    const { cases, sha256 } = await enterFinding(desk, browser, { target, occurredAt: new Date(occurred).toISOString(), seenFrom, photo })
    const at = `/api/v1/cases/${cases[0]?.case_id}`
    // It is for looking at: no other story is to find it in the queue.
    await decide(desk, cases[0]?.case_id ?? '', { kind: 'dismiss', reason: '证据不足，不予认定。' })
    const stamped = async () => (await ask<{ photos: { stamped_url?: string }[] }>(desk, at)).photos[0]?.stamped_url
    await expect.poll(stamped, SOON).toEqual(expect.stringContaining('/stamped'))
    await page.goto(`/cases/${cases[0]?.case_id}`)

    const degree = 111_195
    const metres = Math.hypot(0.015 * Math.cos((target.point.lat * Math.PI) / 180), 0.004) * degree
    const distance = page.locator('dt', { hasText: '距台账位置' }).locator('+ dd')
    expect(await distance.innerText()).toBe(`${(metres / 1000).toFixed(1)} 公里`)
    const inShanghai = new Date(occurred - 180_000 + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
    const facts = await page.locator('dl.facts').innerText()
    for (const fact of [inShanghai, '1280×960', photo.point.lon.toFixed(5), photo.point.lat.toFixed(5), `SHA-256 ${sha256.slice(0, 10)}`, '照片自带信息（EXIF）']) {
      expect(facts).toContain(fact)
    }

    await page.keyboard.press('p')
    const picture = page.getByRole('dialog', { name: '照片' }).locator('img')
    await picture.waitFor()
    expect(await picture.getAttribute('src')).not.toContain('stamped')
    await page.keyboard.press('s')
    await expect.poll(() => picture.getAttribute('src'), SOON).toBe(await stamped())
    await page.waitForFunction(() => document.querySelector<HTMLImageElement>('.photo-viewer img')?.complete)
    expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0)
    expectClean(desk)
  })

  it('returns a case with a usual reason, and must give one', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue')
    const [found] = await cleanCases(desk, 'catering_fume')
    await page.goto(`/cases/${found?.case_id}`)
    await page.getByRole('button', { name: /退回/ }).click()
    const dialog = page.getByRole('dialog', { name: '退回' })
    await dialog.getByRole('button', { name: /^退回/ }).click()
    await dialog.getByText('请填写理由').waitFor()
    await dialog.getByRole('button', { name: /请补拍全景和近景/ }).click()
    await dialog.getByRole('button', { name: /^退回/ }).click()
    await page.locator('header .tag', { hasText: '已退回' }).waitFor()
    expectClean(desk)
  })

  it('confirms many at once and sees the sum of money first', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue?item=site_dust')
    const cases = await cleanCases(desk, 'site_dust')
    const two = cases.slice(0, 2)
    for (const { target_name } of two) {
      await page.locator('main tbody tr', { hasText: target_name }).getByRole('checkbox').check()
    }
    await page.getByRole('button', { name: /批量认定/ }).click()
    const dialog = page.getByRole('dialog', { name: /批量认定 2 件/ })
    await dialog.getByText('400,000.00 元').first().waitFor()
    await dialog.getByText('大写：肆拾万元整').waitFor()
    await dialog.getByRole('button', { name: '认定 2 件，400,000.00 元' }).click()
    await dialog.waitFor({ state: 'hidden' })
    for (const { case_id } of two) {
      expect((await ask<ListedCase>(desk, `/api/v1/cases/${case_id}`)).review_state).toBe('confirmed')
    }
    expectClean(desk)
  })

  it('settles a doubt with a reason before the case can be confirmed', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue')
    const { cases } = await ask<{ cases: ListedCase[] }>(desk, '/api/v1/cases?state=under_review&flagged=true&item=other_air')
    const doubted = cases.find(({ flags }) => flags.join() === 'fix_suspect')
    expect(doubted).toBeDefined()
    await page.goto(`/cases/${doubted?.case_id}`)
    const confirm = page.locator('.actions').getByRole('button', { name: /^认定/ })
    await confirm.waitFor()
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByRole('button', { name: /核定疑点/ }).click()
    const dialog = page.getByRole('dialog', { name: '核定疑点' })
    await dialog.getByRole('button', { name: /已电话核实/ }).click()
    await dialog.getByRole('button', { name: /^核定疑点/ }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.waitForFunction(() => !document.querySelector('.actions button')?.hasAttribute('disabled'))
    expectClean(desk)
  })

  it('merges a possible duplicate after looking at both side by side', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue')
    const { cases } = await ask<{ cases: ListedCase[] }>(desk, '/api/v1/cases?state=under_review&flagged=true&item=stockpile_dust')
    const doubted = cases.find(({ flags }) => flags.includes('duplicate_proposed'))
    expect(doubted).toBeDefined()
    await page.goto(`/cases/${doubted?.case_id}`)
    await page.getByRole('button', { name: /并排比较/ }).click()
    const both = page.getByRole('dialog', { name: '两案是否同一事件' })
    await both.getByRole('article').nth(1).locator('img').waitFor()
    await both.getByRole('button', { name: '并案', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: '并案' })
    await dialog.getByText('并案不能撤销').waitFor()
    await dialog.getByRole('button', { name: /同一地点同一时间/ }).click()
    await dialog.getByRole('button', { name: /提交/ }).click()
    await both.waitFor({ state: 'hidden' })
    const merged = await ask<{ absorbed: string[]; flags: string[] }>(desk, `/api/v1/cases/${doubted?.case_id}`)
    expect([merged.absorbed.length, merged.flags]).toEqual([1, []])
    expectClean(desk)
  })

  it('orders rectification and finds it on the board', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue')
    const [found] = await cleanCases(desk, 'stockpile_dust')
    await page.goto(`/cases/${found?.case_id}`)
    await page.getByRole('button', { name: /交办整改/ }).click()
    const dialog = page.getByRole('dialog', { name: '交办整改' })
    await dialog.getByRole('button', { name: /立即清除露天堆料/ }).click()
    await dialog.getByRole('button', { name: /^交办整改/ }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByText('第 1 轮').waitFor()
    await page.goto('/rectifications')
    const row = page.locator('main tbody tr', { hasText: found?.target_name ?? '' })
    await row.getByText('整改中').waitFor()
    const printing = desk.context.waitForEvent('page')
    await row.getByRole('link', { name: '打印' }).click()
    await (await printing).getByText(found?.target_name ?? '').first().waitFor()
    expectClean(desk)
  })

  it('sees on the board that an order has followed its case to another unit', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/account')
    const [target] = await freeTargets(desk, 2)
    if (!target) throw new Error('no eatery of street 2 is free')
    const { cases } = await enterFinding(desk, browser, { target, occurredAt: new Date(Date.now() - 9_000_000).toISOString() })
    const id = cases[0]?.case_id ?? ''
    await order(desk, id)
    const units = await ask<{ unit_id: string; name: string }[]>(desk, '/api/v1/units')
    const other = units.find(({ name }) => name === '演马街道办事处')
    await decide(desk, id, { kind: 're_attribute', unit_id: other?.unit_id ?? '', reason: '经核实，该地点由所选单位负责。' })
    await page.goto('/rectifications')
    const row = page.locator('main tbody tr', { hasText: target.name })
    await row.getByText('演马街道办事处').waitFor()
    await row.getByText('第 2 轮').waitFor()
    const { rectification } = await ask<{ rectification: { state: string; unit_id: string }[] }>(desk, `/api/v1/cases/${id}`)
    expect(rectification.map(({ state }) => state)).toEqual(['withdrawn', 'assigned'])
    expect(rectification[1]?.unit_id).toBe(other?.unit_id)
    expectClean(desk)
  })

  it('reads who decided what, by kind, and that the chain of the ledger holds', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/decisions')
    await page.getByText('台账链完整').waitFor()
    await page.getByRole('combobox', { name: '决定', exact: true }).click()
    await page.getByRole('option', { name: '退回', exact: true }).click()
    const rows = page.getByRole('table', { name: '决定记录' }).locator('tbody tr')
    await expect.poll(async () => new Set(await rows.locator('td:nth-child(3)').allInnerTexts()), SOON).toEqual(new Set(['退回']))
    await rows.first().getByText('宋致远').first().waitFor()
    expectClean(desk)
  })

  it('sees the cases on the map, and in the list beside it', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/map')
    await page.locator('[data-ready=true]').waitFor()
    await page.locator('aside ol li').first().waitFor()
    // Of a day on which nothing was found there is nothing.
    await page.goto('/map?from=2020-01-01&to=2020-01-02')
    await page.getByText(/^0 件/).waitFor()
    await page.goto('/map')
    const first = page.locator('aside ol a').first()
    const place = await first.innerText()
    await first.click()
    await page.waitForURL('**/cases/*')
    await page.getByRole('heading', { level: 1, name: place }).waitFor()
    expectClean(desk)
  })
})
