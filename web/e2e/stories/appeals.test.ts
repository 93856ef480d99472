/** An appeal: a unit objects, a supervisor decides with a second person, and the unit reads the answer. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launch } from '../browser'
import { charge } from '../charges'
import { ask, enter, expectClean, openDesk, type Desk, type ListedCase } from '../office'

const PREPARATION_MILLISECONDS = 120_000

let browser: Browser
let supervisor: Desk
let found: ListedCase | undefined
beforeAll(async () => {
  browser = await launch()
  supervisor = await openDesk(browser)
  await enter(supervisor, 'supervisor1', '/account')
  const occurredAt = new Date(Date.now() - 7_200_000).toISOString()
  ;[found] = await charge(supervisor, browser, { street: 2, occurredAt, count: 1 })
}, PREPARATION_MILLISECONDS)
afterAll(() => browser.close())

it('is filed by the unit, reduced by a supervisor with a second person, and answered with a reason', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await enter(desk, 'liaison.fengying', `/unit/cases/${found?.case_id}`)
  await page.getByRole('button', { name: /^申诉/ }).click()
  const filing = page.getByRole('dialog', { name: '对本案扣缴提出申诉' })
  await filing.getByRole('button', { name: /申诉/ }).click()
  await filing.getByText('请填写申诉理由').waitFor()
  await filing.getByRole('textbox').fill('检查当日停电，净化器无法开启。')
  await filing.getByRole('button', { name: /申诉/ }).click()
  await filing.waitFor({ state: 'hidden' })
  await page.getByText('检查当日停电').waitFor()

  await supervisor.page.goto('/appeals')
  await supervisor.page.locator('main tbody tr', { hasText: '检查当日停电' }).filter({ hasText: found?.target_name ?? '' }).click()
  await supervisor.page.waitForURL(`**/appeals/${found?.case_id}`)
  await supervisor.page.getByRole('button', { name: /处理申诉/ }).click()
  const deciding = supervisor.page.getByRole('dialog', { name: '处理申诉' })
  await deciding.getByText('核减', { exact: true }).click()
  await deciding.getByLabel(/办理后/).fill('20000')
  await deciding.getByText('核减后的金额必须低于现有金额').waitFor()
  await deciding.getByLabel(/办理后/).fill('5000')
  await deciding.getByText('−5,000.00').waitFor()
  await deciding.getByRole('button', { name: /部分措施/ }).click()
  await deciding.getByRole('button', { name: /提交/ }).click()
  await deciding.waitFor({ state: 'hidden' })

  const other = await openDesk(browser)
  await enter(other, 'supervisor2', `/appeals/${found?.case_id}`)
  await other.page.getByText('−5,000.00').waitFor()
  await other.page.getByRole('button', { name: '复核通过' }).click()
  await other.page.getByText('申诉核减').first().waitFor()

  await page.goto(`/unit/cases/${found?.case_id}`)
  await page.getByText('部分措施检查时已落实').first().waitFor()
  expect((await ask<ListedCase>(desk, `/api/v1/cases/${found?.case_id}`)).posted).toBe(500_000)
  expectClean(desk)
  expectClean(supervisor)
  expectClean(other)
})
