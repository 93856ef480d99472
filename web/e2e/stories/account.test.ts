/** One's own account: signing in to the demonstration, the password, and where one is signed in. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launch } from '../browser'
import { PASSWORD, enter, expectClean, openDesk } from '../office'

/** Whose password changes here, and nowhere else. */
const USERNAME = 'liaison.wuwang'
const CHANGED = 'lantian-changed'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

it('the demonstration offers somebody of every role, and one click is enough', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await page.goto('/sign-in')
  const offered = page.getByRole('region', { name: '演示账号' })
  for (const role of ['监督员', '财政', '单位联络员', '管理员']) await offered.getByText(role, { exact: true }).first().waitFor()
  await offered.getByRole('button', { name: /finance1/ }).click()
  await page.waitForURL('**/months')
  expectClean(desk)
})

it('a password is changed with each mistake named; other places are signed out, and the old one opens nothing', async () => {
  const elsewhere = await openDesk(browser)
  await enter(elsewhere, USERNAME, '/unit/cases')
  const desk = await openDesk(browser)
  const { page } = desk
  await enter(desk, USERNAME, '/account')
  const change = page.locator('form').getByRole('button', { name: '修改密码' })
  const fill = async (current: string, next: string, again: string) => {
    await page.getByLabel('当前密码').fill(current)
    await page.getByLabel('新密码', { exact: true }).fill(next)
    await page.getByLabel('再次输入新密码').fill(again)
    await change.click()
  }
  await fill(PASSWORD, 'short', 'short')
  await page.getByText('新密码至少 10 个字符').waitFor()
  await fill(PASSWORD, CHANGED, `${CHANGED}!`)
  await page.getByText('两次输入的新密码不一致').waitFor()
  await fill('not-the-password', CHANGED, CHANGED)
  await page.locator('form').getByText(/不正确/).waitFor()
  expect(await page.getByLabel('新密码', { exact: true }).inputValue()).toBe(CHANGED)
  await fill(PASSWORD, CHANGED, CHANGED)
  await page.getByText('密码已修改，其他设备上的登录已全部失效').waitFor()

  // The other browser is asked for the password at its next step.
  await elsewhere.page.reload()
  await elsewhere.page.locator('input[name=password]').fill(PASSWORD)
  await elsewhere.page.locator('input[name=username]').fill(USERNAME)
  await elsewhere.page.getByRole('button', { name: '登录', exact: true }).click()
  await elsewhere.page.getByRole('alert').getByText('用户名或密码不正确').waitFor()
  await elsewhere.page.locator('input[name=password]').fill(CHANGED)
  await elsewhere.page.getByRole('button', { name: '登录', exact: true }).click()
  await elsewhere.page.waitForURL('**/unit/cases')

  // And is seen here, and ended from here.
  await page.reload()
  const sessions = page.getByRole('table', { name: '登录记录' }).locator('tbody tr')
  await sessions.nth(1).waitFor()
  await sessions.filter({ hasNotText: '本次登录' }).first().getByRole('button', { name: '结束' }).click()
  await page.getByText('已结束该登录').waitFor()
  await elsewhere.page.reload()
  await elsewhere.page.waitForURL('**/sign-in?**')
  expectClean(desk)
})
