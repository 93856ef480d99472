/** What people do with any program: go back, reload, click twice, open two tabs, write too much. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch } from '../browser'
import { charge, order } from '../charges'
import { ask, cleanCases, decisionsOf, enter, expectClean, hasKeyboard, openDesk, SOON, type Desk, type ListedCase } from '../office'

const PREPARATION_MILLISECONDS = 120_000

let browser: Browser
let supervisor: Desk
let made: ListedCase[]
beforeAll(async () => {
  browser = await launch()
  supervisor = await openDesk(browser)
  await enter(supervisor, 'supervisor1', '/account')
  made = await charge(supervisor, browser, { street: 1, occurredAt: new Date(Date.now() - 5_400_000).toISOString(), count: 1 })
}, PREPARATION_MILLISECONDS)
afterAll(() => browser.close())

describe('a queue', () => {
  it('is sorted by amount on the server, either way', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue?state=all')
    const amounts = async () => {
      const cells = await page.locator('main tbody tr td:nth-last-child(3)').allInnerTexts()
      return cells.map((cell) => Number(cell.replace(/[^\d.]/g, '')))
    }
    await page.locator('main tbody tr').first().waitFor()
    await page.getByRole('button', { name: /^金额/ }).click()
    await page.waitForURL(/sort=largest/)
    await page.locator('th[aria-sort=descending]', { hasText: '金额' }).waitFor()
    await page.waitForFunction(() => document.querySelector('main tbody tr')?.textContent?.includes('200,000.00'))
    const falling = await amounts()
    expect(falling).toEqual([...falling].sort((one, other) => other - one))
    await page.getByRole('button', { name: /^金额/ }).click()
    await page.waitForURL(/sort=smallest/)
    await page.waitForFunction(() => !document.querySelector('main tbody tr')?.textContent?.includes('200,000.00'))
    const rising = await amounts()
    expect(rising).toEqual([...rising].sort((one, other) => one - other))
    expectClean(desk)
  })

  it('goes on after a reload, and back leads to the same filters', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    const address = '/queue?item=other_air&sort=oldest'
    await enter(desk, 'supervisor1', address)
    await page.locator('main tbody tr').first().waitFor()
    await page.locator('main tbody tr').first().click()
    await page.waitForURL(/\/cases\//)
    const first = new URL(page.url()).pathname
    await page.reload()
    await page.locator('.actions').waitFor()
    await page.getByRole('button', { name: '下一件' }).click()
    await page.waitForURL((url) => url.pathname !== first)
    await page.getByRole('button', { name: '上一件' }).click()
    await page.waitForURL(`**${first}`)
    await page.getByRole('link', { name: /返回列表/ }).click()
    await page.waitForURL(`**${address}`)
    await page.goBack()
    await page.goBack()
    await page.waitForURL(/\/cases\//)
    expectClean(desk)
  })

  it('leads from what waits of a month, and says which cases an appeal or a deadline holds', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/months')
    await page.getByRole('link', { name: /\d+ 件，不计入合计/ }).click()
    await page.waitForURL(/\/queue\?month=/)
    await page.locator('.filters .el-tag').waitFor()
    await page.getByText('整改逾期', { exact: true }).click()
    await page.waitForURL(/overdue=true/)
    await page.getByText('没有符合筛选条件的内容').waitFor()
    await page.getByText('清除筛选').click()
    await page.locator('main tbody tr').first().waitFor()
    expectClean(desk)
  })
})

describe('a person', () => {
  it('who clicks twice decides once', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue')
    const [found] = await cleanCases(desk, 'other_air')
    const before = await decisionsOf(desk, found)
    await page.goto(`/cases/${found?.case_id}`)
    await page.getByRole('button', { name: /^退回/ }).click()
    const dialog = page.getByRole('dialog', { name: '退回' })
    await dialog.getByRole('textbox').fill('请补拍。')
    await dialog.getByRole('button', { name: /^退回/ }).dblclick()
    await page.locator('header .tag', { hasText: '已退回' }).waitFor()
    expect(await decisionsOf(desk, found)).toBe(before + 1)
    expectClean(desk)
  })

  it('with two tabs sees in one what was done in the other, through one stream', async () => {
    const desk = await openDesk(browser)
    const { page, context } = desk
    await enter(desk, 'supervisor1', '/queue')
    const [found] = await cleanCases(desk, 'other_air')
    // A tab that leaves its page gives the stream up: the first one is where it stays before there is another.
    await page.goto(`/cases/${found?.case_id}`)
    await page.locator('.actions').waitFor()
    const other = await context.newPage()
    const streams: string[] = []
    other.on('request', (request) => {
      if (request.url().endsWith('/api/v1/events')) streams.push(request.url())
    })
    await other.goto(`/cases/${found?.case_id}`)
    await other.locator('.actions').waitFor()
    await page.getByRole('button', { name: /^退回/ }).click()
    await page.getByRole('dialog', { name: '退回' }).getByRole('textbox').fill('请补拍全景。')
    await page.keyboard.press('Control+Enter')
    await page.locator('header .tag', { hasText: '已退回' }).waitFor()
    await other.locator('header .tag', { hasText: '已退回' }).waitFor({ timeout: 2_000 })
    expect(streams).toEqual([])
    expectClean(desk)
  })

  it('who writes too much is told so by the server and keeps the text', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'admin', '/users')
    await page.getByRole('link', { name: /inspector2/ }).or(page.getByRole('row', { name: /inspector2/ }).getByRole('link')).first().click()
    await page.getByRole('button', { name: '更正姓名' }).click()
    const dialog = page.getByRole('dialog', { name: '更正姓名' })
    const long = '长'.repeat(201)
    await dialog.getByLabel('姓名').fill(long)
    await dialog.getByRole('button', { name: '保存' }).click()
    await dialog.getByRole('alert').waitFor()
    expect(await dialog.getByLabel('姓名').inputValue()).toBe(long)
    // Whoever looks on sees the right name at once.
    const onlooker = await openDesk(browser)
    await enter(onlooker, 'admin', '/users')
    await onlooker.page.getByRole('row', { name: /inspector2/ }).waitFor()
    await dialog.getByLabel('姓名').fill('丁更名')
    await dialog.getByRole('button', { name: '保存' }).click()
    await page.getByRole('heading', { name: '丁更名' }).waitFor()
    await onlooker.page.getByRole('row', { name: /丁更名/ }).waitFor({ timeout: 2_000 })
    expectClean(desk)
    expectClean(onlooker)
  })
})

it('a posted case goes to another unit, and finance sees the pair of transfers', async () => {
  const { page } = supervisor
  const [found] = made
  await page.goto(`/cases/${found?.case_id}`)
  await page.getByRole('button', { name: /更多办理/ }).click()
  await page.getByRole('menuitem', { name: '变更责任单位' }).click()
  const dialog = page.getByRole('dialog', { name: '变更责任单位' })
  await dialog.getByText('已入账的金额以一对划转分录转到新单位').waitFor()
  await dialog.getByRole('combobox').click()
  await page.getByRole('option', { name: /演马街道办事处/ }).click()
  await dialog.getByRole('button', { name: /台账责任单位登记有误/ }).click()
  await dialog.getByRole('button', { name: /^变更责任单位/ }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('header', { hasText: '演马街道办事处' }).waitFor()

  const desk = await openDesk(browser)
  await enter(desk, 'finance1', '/months?tab=entries')
  const moved = desk.page.locator('main tbody tr', { hasText: '划转' })
  await moved.filter({ hasText: '演马街道办事处' }).getByText('10,000.00').first().waitFor()
  await moved.filter({ hasText: '马村街道办事处' }).getByText('−10,000.00').first().waitFor()
  expectClean(supervisor)
  expectClean(desk)
})

it('a finding of a higher group is entered with what is missing named, and is a case at once', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await enter(desk, 'supervisor1', '/findings/new')
  await page.getByRole('button', { name: '录入并成案' }).click()
  await page.getByRole('alert').getByText(/交办单位/).waitFor()
  const { targets } = await ask<{ targets: { name: string }[] }>(desk, '/api/v1/targets?kind=bare_land&limit=1')
  const name = targets[0]?.name ?? ''
  await page.getByLabel('交办单位').fill('省生态环境保护督察组')
  await page.getByLabel('文件标题').fill('问题交办单')
  await page.getByRole('combobox', { name: '按名称、编号或地址查找' }).click()
  await page.keyboard.type(name)
  await page.getByRole('option', { name: new RegExp(name) }).first().click()
  await page.locator('.questions .el-checkbox').first().click()
  await page.getByRole('button', { name: '录入并成案' }).click()
  await page.waitForURL(/\/cases\//)
  await page.getByText('省生态环境保护督察组').waitFor()
  expectClean(desk)
})

it('on the board time is given, the clock is stopped and goes on again; keys lead from case to case', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await enter(desk, 'supervisor1', '/queue')
  const [found, another] = await cleanCases(desk, 'other_air')
  await order(desk, another?.case_id ?? '')
  await page.goto(`/cases/${found?.case_id}`)
  await page.getByRole('button', { name: /交办整改/ }).click()
  const ordering = page.getByRole('dialog', { name: '交办整改' })
  await ordering.getByRole('button', { name: /立即落实/ }).click()
  await ordering.getByRole('button', { name: /^交办整改/ }).click()
  await ordering.waitFor({ state: 'hidden' })
  await page.goto('/rectifications')
  const row = page.locator('main tbody tr', { hasText: found?.target_name ?? '' })
  const before = await row.locator('td').first().innerText()
  await row.getByRole('button', { name: '延期' }).click()
  const extend = page.getByRole('dialog', { name: '延期' })
  await extend.getByRole('button', { name: /天气原因/ }).click()
  await extend.getByRole('button', { name: /^延期/ }).click()
  await extend.waitFor({ state: 'hidden' })
  await expect.poll(() => row.locator('td').first().innerText(), SOON).not.toBe(before)
  await row.getByRole('button', { name: /缓办或挂账/ }).click()
  const pause = page.getByRole('dialog', { name: /缓办/ })
  await pause.getByRole('button', { name: /停工期间/ }).click()
  await pause.getByRole('button', { name: /^缓办/ }).click()
  await pause.waitFor({ state: 'hidden' })
  await row.getByText('缓办', { exact: true }).waitFor()
  await row.getByRole('button', { name: '恢复办理' }).click()
  await page.getByRole('dialog', { name: '恢复办理' }).getByRole('button', { name: /恢复办理/ }).click()
  await row.getByText('整改中').waitFor()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })

  // One goes through the board's cases by key, in its order, and back to it.
  const links = page.locator('tbody[data-rows] a[href^="/cases/"]')
  const boarded = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')))
  await page.keyboard.press('j')
  await hasKeyboard(page.locator('tbody[data-rows] tr').first())
  await page.keyboard.press('Enter')
  await page.waitForURL(`**${boarded[0]}`)
  await page.getByRole('button', { name: '下一件' }).waitFor()
  await page.keyboard.press('j')
  await page.waitForURL(`**${boarded[1]}`)
  await page.keyboard.press('k')
  await page.waitForURL(`**${boarded[0]}`)
  await page.keyboard.press('u')
  await page.waitForURL('**/rectifications')
  expectClean(desk)
})
