/** Finance's day: the month, an entry back to its photo, closing with two people, vouchers, corrections. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch } from '../browser'
import { charge, monthsAgo } from '../charges'
import {
  ask,
  enter,
  expectClean,
  hasKeyboard,
  openDesk,
  signIn,
  signInByKeyboard,
  SOON,
  tabTo,
  type Desk,
  type ListedCase,
} from '../office'

const PREPARATION_MILLISECONDS = 120_000
/** Not the last month: what inspectors found yesterday may be of it. */
const MONTH = monthsAgo(2)

let browser: Browser
let supervisor: Desk
let cases: ListedCase[]
beforeAll(async () => {
  browser = await launch()
  supervisor = await openDesk(browser)
  await enter(supervisor, 'supervisor1', '/account')
  cases = await charge(supervisor, browser, { street: 1, occurredAt: `${MONTH}-10T02:00:00Z`, count: 3 })
}, PREPARATION_MILLISECONDS)
afterAll(() => browser.close())

interface Totals {
  total: { posted: number }
  by_unit: { unit_id: string; unit_name: string; posted: number }[]
}

const yuan = (fen: number) => `${(fen / 100).toLocaleString('en-US', { minimumFractionDigits: 2 })}`

/** The dialog or the bar by which a proposal is reviewed. */
const bar = (page: Page) => page.locator('section', { hasText: '待复核：' }).first()

describe('finance', () => {
  it('begins with the month, and goes from a total to its entries, to one entry, and to its photo', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await signIn(desk, 'finance1')
    await page.waitForURL('**/months')
    await page.goto(`/months?month=${MONTH}`)
    const totals = await ask<Totals>(desk, `/api/v1/months/${MONTH}/totals`)
    await page.locator('dl').getByText(yuan(totals.total.posted)).first().waitFor()
    const unit = totals.by_unit.find(({ posted }) => posted > 0)
    await page.getByRole('row', { name: new RegExp(unit?.unit_name ?? '') }).getByRole('link').nth(1).click()
    await page.waitForURL(/tab=entries/)
    expect(new URL(page.url()).searchParams.get('unit')).toBe(unit?.unit_id)
    await page.locator('main tbody tr').first().click()
    await page.waitForURL('**/entries/*')
    await page.getByText('马政〔2024〕5号').first().waitFor()
    await page.getByText('办公室按上级交办文件录入').waitFor()
    await page.locator('.photos button').first().click()
    await page.getByRole('dialog').locator('img').waitFor()
    expectClean(desk)
  })

  it('sees what changed against the month before, as a chart and as a table', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'finance1', `/months?month=${MONTH}`)
    await page.getByRole('link', { name: /环比/ }).click()
    await page.locator('canvas').waitFor()
    await page.getByRole('row', { name: /合计/ }).getByText('+3.00').waitFor()
    await page.getByText('扣缴事项', { exact: true }).click()
    await page.waitForURL(/by=item/)
    await page.getByRole('row', { name: /餐饮门店/ }).waitFor()
    expectClean(desk)
  })

  it('asks for closing; withdrawn meanwhile, the reviewer is told so and nothing is closed', async () => {
    const one = await openDesk(browser)
    const other = await openDesk(browser)
    await enter(one, 'finance1', `/months?month=${MONTH}&tab=closing`)
    await one.page.getByRole('button', { name: '提请结账' }).click()
    await one.page.getByRole('dialog').getByRole('button', { name: /提请结账/ }).click()
    await bar(one.page).getByText('您是经办人').waitFor()
    await enter(other, 'finance2', '/proposals')
    await bar(other.page).getByRole('button', { name: '复核通过' }).waitFor()
    // The other one's screen does not hear of it in time.
    await other.page.route('**/api/v1/proposals?**', (route) => route.abort())
    await bar(one.page).getByRole('button', { name: '撤回' }).click()
    await one.page.getByRole('button', { name: '提请结账' }).waitFor()
    await bar(other.page).getByRole('button', { name: '复核通过' }).click()
    await other.page.getByText('该事项已复核、已撤回或已失效').first().waitFor()
    const { months } = await ask<{ months: { month: string; closed: boolean }[] }>(one, '/api/v1/months')
    expect(months.find(({ month }) => month === MONTH)?.closed).toBe(false)
    expectClean(one)
  })

  it('closes the month by two people, both by keyboard, and its files are what the digest says', async () => {
    const one = await openDesk(browser)
    const other = await openDesk(browser)
    await enter(one, 'finance1', `/months?month=${MONTH}&tab=closing`)
    await one.page.getByText('不能反结账').first().waitFor()
    await tabTo(one.page.getByRole('button', { name: '提请结账' }))
    await one.page.keyboard.press('Enter')
    const dialog = one.page.getByRole('dialog')
    await dialog.getByText('须由另一人复核后生效').waitFor()
    await hasKeyboard(dialog.getByRole('textbox'))
    await one.page.keyboard.type('已与各单位核对')
    await one.page.keyboard.press('Control+Enter')
    await bar(one.page).getByText('已与各单位核对').waitFor()
    expect(await one.page.getByRole('button', { name: '复核通过' }).count()).toBe(0)

    await enter(other, 'finance2', '/proposals')
    await bar(other.page).getByRole('button', { name: '复核通过' }).waitFor()
    // The network goes at the very moment, and comes back: a second try closes, once.
    await tabTo(bar(other.page).getByRole('button', { name: '复核通过' }))
    await other.context.setOffline(true)
    await other.page.keyboard.press('Enter')
    await other.page.getByText('网络中断，正在重新连接').waitFor()
    await other.context.setOffline(false)
    await other.page.getByText('网络中断，正在重新连接').waitFor({ state: 'hidden' })
    await tabTo(bar(other.page).getByRole('button', { name: '复核通过' }))
    await other.page.keyboard.press('Enter')
    await other.page.getByText('没有等待复核的事项').waitFor()
    await other.page.goto(`/months?month=${MONTH}&tab=closing`)
    await other.page.getByText(/已于 .* 结账/).waitFor()
    const digest = (await other.page.locator('.digest code').innerText()).trim()
    const downloading = other.page.waitForEvent('download')
    await other.page.getByRole('link', { name: /校验明细/ }).click()
    const file = await readFile(await (await downloading).path())
    expect(createHash('sha256').update(file).digest('hex')).toBe(digest)
    expectClean(one)
    expectClean(other)
  })

  it('records a voucher with its bad inputs named, and cancels it by its opposite', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'finance1', `/months?month=${MONTH}&tab=executions`)
    await page.getByRole('button', { name: '登记' }).first().click()
    const dialog = page.getByRole('dialog', { name: /登记扣缴执行/ })
    await dialog.getByLabel('金额（元）').fill('99999999')
    await dialog.getByRole('button', { name: '登记' }).click()
    await dialog.getByText('请填写凭证号').waitFor()
    await dialog.getByText('金额不能超过未执行的 30,000.00 元').waitFor()
    await dialog.getByLabel('金额（元）').fill('一百')
    await dialog.getByText('请填写金额，最多两位小数').waitFor()
    await dialog.getByLabel('凭证号').fill('记-0012')
    await dialog.getByLabel('金额（元）').fill('10000')
    await dialog.getByText('壹万元整').waitFor()
    await dialog.getByRole('button', { name: '登记' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('row', { name: /记-0012/ }).getByText('有效').waitFor()
    await page.getByRole('button', { name: '红冲' }).click()
    const cancelling = page.getByRole('dialog', { name: /红冲凭证/ })
    await cancelling.getByRole('textbox').fill('凭证号写错')
    await cancelling.getByRole('button', { name: /^红冲/ }).click()
    await page.getByRole('row', { name: /−10,000\.00.*凭证号写错/ }).waitFor()
    await page.getByRole('row', { name: /10,000\.00.*已红冲/ }).first().waitFor()
    expectClean(desk)
  })

  it('shows the unit what was deducted by which voucher, and what of it was cancelled', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'liaison.macun', `/unit/receipts?year=${MONTH.slice(0, 4)}&month=${MONTH}`)
    const vouchers = page.getByRole('table', { name: `${MONTH} 扣缴凭证` })
    await vouchers.getByRole('row', { name: /−10,000\.00.*凭证号写错/ }).waitFor()
    await vouchers.getByRole('row', { name: /记-0012.*10,000\.00.*已红冲/ }).first().waitFor()
    expectClean(desk)
  })

  it('follows a correction: asked for by a supervisor with the sum before and after, agreed to by another', async () => {
    const [found] = cases
    const { entries } = await ask<{ entries: { entry_no: number; case_id: string }[] }>(
      supervisor,
      `/api/v1/ledger/entries?month=${MONTH}&limit=500`,
    )
    const entry = entries.find(({ case_id }) => case_id === found?.case_id)
    const { page } = supervisor
    await page.goto(`/entries/${entry?.entry_no}`)
    await page.getByRole('button', { name: '提出更正' }).click()
    const dialog = page.getByRole('dialog', { name: '更正已入账的扣缴' })
    await dialog.getByText('台账只增不改').waitFor()
    await dialog.getByText('调整金额', { exact: true }).click()
    await dialog.getByLabel(/办理后/).fill('-1')
    await dialog.getByText('请填写不小于零的金额').waitFor()
    await dialog.getByLabel(/办理后/).fill('4000')
    await dialog.getByText('−6,000.00').waitFor()
    await dialog.getByRole('textbox').last().fill('按复查面积核定')
    await dialog.getByRole('button', { name: /提交/ }).click()
    await dialog.waitFor({ state: 'hidden' })

    // Finance sees what is under way, by the name of what it is about, and does not review it.
    const onlooker = await openDesk(browser)
    await enter(onlooker, 'finance1', '/proposals')
    await onlooker.page.getByRole('row', { name: new RegExp(found?.target_name ?? '') }).click()
    await onlooker.page.getByText('−6,000.00').waitFor()
    expect(await onlooker.page.getByRole('button', { name: '复核通过' }).count()).toBe(0)
    expectClean(onlooker)

    const other = await openDesk(browser)
    await enter(other, 'supervisor2', '/proposals')
    await other.page.getByRole('row', { name: /按复查面积核定/ }).click()
    await other.page.getByText('−6,000.00').waitFor()
    await bar(other.page).getByRole('button', { name: '复核通过' }).click()
    await other.page.getByText('已复核通过并生效').waitFor()

    // The month is closed: the difference stands in the first open one.
    const desk = await openDesk(browser)
    await enter(desk, 'finance1', `/entries/${entry?.entry_no}`)
    await desk.page.getByText('调整', { exact: true }).waitFor()
    await desk.page.getByText('净额').getByText('4,000.00').waitFor()
    expectClean(supervisor)
    expectClean(other)
    expectClean(desk)
  })

  it('does the day by keyboard alone: the month, an entry with its photo, a voucher, the file, the year', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    const { keyboard } = page
    const toMonth = async () => {
      const title = page.locator('main h1')
      await title.filter({ hasText: '扣缴' }).waitFor()
      while (!(await title.innerText()).includes(MONTH)) {
        const before = await title.innerText()
        await expect.poll(() => page.getByRole('button', { name: '上一个账期' }).isEnabled(), SOON).toBe(true)
        await keyboard.press('[')
        await expect.poll(() => title.innerText(), SOON).not.toBe(before)
      }
    }
    await signInByKeyboard(desk, 'finance1')
    await page.waitForURL('**/months')
    await toMonth()
    await keyboard.press('3')
    await page.waitForURL(/tab=entries/)
    await page.locator('tbody[data-rows] tr').first().waitFor()
    await keyboard.press('j')
    await hasKeyboard(page.locator('tbody[data-rows] tr').first())
    await keyboard.press('Enter')
    await page.waitForURL('**/entries/*')
    await tabTo(page.locator('.photos button').first())
    await keyboard.press('Enter')
    await page.getByRole('dialog').locator('img').waitFor()
    await keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })

    await tabTo(page.getByRole('navigation').getByRole('link', { name: '月度扣缴' }))
    await keyboard.press('Enter')
    await toMonth()
    await keyboard.press('4')
    await page.getByRole('button', { name: '登记' }).first().waitFor()
    await keyboard.press('j')
    await hasKeyboard(page.getByRole('button', { name: '登记' }).first())
    await keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: /登记扣缴执行/ })
    await hasKeyboard(dialog.getByLabel('凭证号'))
    await keyboard.type('记-0020')
    await tabTo(dialog.getByLabel('金额（元）'))
    await keyboard.press('Control+A')
    await keyboard.type('5000')
    await dialog.getByText('伍仟元整').waitFor()
    await keyboard.press('Control+Enter')
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('row', { name: /记-0020/ }).getByText('有效').waitFor()

    await tabTo(page.getByRole('button', { name: '导出' }))
    await keyboard.press('Enter')
    await hasKeyboard(page.getByRole('menuitem').first())
    const downloading = page.waitForEvent('download')
    await keyboard.press('Enter')
    expect((await downloading).suggestedFilename()).toMatch(/\.xlsx$/)

    await tabTo(page.getByRole('navigation').getByRole('link', { name: '年度累计' }))
    await keyboard.press('Enter')
    await page.getByRole('row', { name: /马村街道办事处/ }).getByText('301001').waitFor()
    expectClean(desk)
  })

  it('reads the year per unit, and a month that is not over says why it cannot be closed', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'finance1', `/years?year=${MONTH.slice(0, 4)}`)
    await page.getByRole('row', { name: /马村街道办事处/ }).getByText('301001').waitFor()
    await page.goto(`/months?month=${monthsAgo(0)}&tab=closing`)
    await page.getByText('月末之后即可结账').waitFor()
    expect(await page.getByRole('button', { name: '提请结账' }).isDisabled()).toBe(true)
    expectClean(desk)
  })
})

it('finance works in English too', async () => {
  const desk = await openDesk(browser, { language: 'en' })
  const { page } = desk
  await enter(desk, 'finance1', `/months?month=${MONTH}`)
  for (const part of ['Totals', 'Change', 'Entries', 'Executions', 'Closing']) {
    await page.getByRole('link', { name: new RegExp(part) }).click()
    await page.waitForFunction(() => document.querySelector('.el-skeleton') === null)
    const chrome = await page.locator('main nav, main h1, main h2, main thead').allInnerTexts()
    expect(chrome.join(' '), part).not.toMatch(/[\u4e00-\u9fff]/)
  }
  expectClean(desk)
})
