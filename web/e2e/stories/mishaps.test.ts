/** What goes wrong in an office: passwords, networks, sessions, colleagues, old browsers. Nothing typed is lost. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch } from '../browser'
import { ask, cleanCases, decisionsOf, enter, expectClean, openDesk, type ListedCase } from '../office'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

describe('signing in', () => {
  it('says which field is missing, and that name or password is wrong', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await page.goto('/sign-in')
    await page.getByRole('button', { name: '登录' }).click()
    await page.getByText('请输入用户名').waitFor()
    await page.locator('input[name=username]').fill('supervisor1')
    await page.getByRole('button', { name: '登录' }).click()
    await page.getByText('请输入密码').waitFor()
    await page.locator('input[name=password]').fill('not-the-password')
    await page.getByRole('button', { name: '登录' }).click()
    await page.getByRole('alert').getByText('用户名或密码不正确').waitFor()
    expectClean(desk)
  })

  it('leads back to where one wanted to go, and never to another host', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await page.goto('/account')
    await page.waitForURL('**/sign-in?to=/account')
    await page.goto('/sign-in?to=//example.org/')
    await page.locator('input[name=username]').fill('supervisor1')
    await page.locator('input[name=password]').fill('lantian-demo')
    await page.getByRole('button', { name: '登录' }).click()
    await page.waitForURL('**/queue')
    expectClean(desk)
  })
})

describe('while somebody works', () => {
  it('a session that ended asks for the password, and the decision goes on with its reason', async () => {
    const desk = await openDesk(browser)
    const { page, context } = desk
    await enter(desk, 'supervisor1', '/queue')
    const [found] = await cleanCases(desk, 'stockpile_dust')
    await page.goto(`/cases/${found?.case_id}`)
    await page.getByRole('button', { name: /^退回/ }).click()
    const dialog = page.getByRole('dialog', { name: '退回' })
    await dialog.getByRole('textbox').fill('请补拍围挡近景。')
    await context.clearCookies()
    await dialog.getByRole('button', { name: /^退回/ }).click()
    const again = page.getByRole('dialog', { name: '登录已过期，请重新登录' })
    await again.locator('input[name=username]').fill('supervisor1')
    await again.locator('input[name=password]').fill('lantian-demo')
    await again.getByRole('button', { name: '登录' }).click()
    await page.locator('header .tag', { hasText: '已退回' }).waitFor()
    const returned = await ask<{ reason: string }>(desk, `/api/v1/cases/${found?.case_id}`)
    expect(returned.reason).toBe('请补拍围挡近景。')
    expectClean(desk)
  })

  it('a lost network shows a banner, keeps what was typed, and a second try decides once', async () => {
    const desk = await openDesk(browser)
    const { page, context } = desk
    await enter(desk, 'supervisor1', '/queue')
    const [found] = await cleanCases(desk, 'stockpile_dust')
    const before = await decisionsOf(desk, found)
    await page.goto(`/cases/${found?.case_id}`)
    // The map has come: what loads later is another story.
    await page.locator('[data-ready=true]').waitFor()
    await page.getByRole('button', { name: /^不予认定/ }).click()
    const dialog = page.getByRole('dialog', { name: '不予认定' })
    await dialog.getByRole('textbox').fill('经核实，现场已覆盖。')
    await context.setOffline(true)
    await dialog.getByRole('button', { name: /^不予认定/ }).click()
    await page.getByText('网络中断，正在重新连接').waitFor()
    expect(await dialog.getByRole('textbox').inputValue()).toBe('经核实，现场已覆盖。')
    await context.setOffline(false)
    await page.getByText('网络中断，正在重新连接').waitFor({ state: 'hidden' })
    await dialog.getByRole('button', { name: /^不予认定/ }).click()
    await page.locator('header .tag', { hasText: '不予认定' }).waitFor()
    expect(await decisionsOf(desk, found)).toBe(before + 1)
    expectClean(desk)
  })

  it('a screen whose file an upgrade replaced opens all the same', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'supervisor1', '/queue')
    let asked = 0
    await page.route('**/assets/DecisionsScreen-*.js', (route) => {
      asked += 1
      return asked === 1 ? route.fulfill({ status: 404 }) : route.continue()
    })
    await page.getByRole('navigation').getByRole('link', { name: '决定记录' }).click()
    await page.getByRole('heading', { name: '决定记录' }).waitFor()
    expect([asked, new URL(page.url()).pathname]).toEqual([2, '/decisions'])
  })

  it('two supervisors on one case: the second sees the decision of the first and does not overwrite it', async () => {
    const one = await openDesk(browser)
    const other = await openDesk(browser)
    await enter(one, 'supervisor1', '/queue')
    await enter(other, 'supervisor2', '/queue')
    const [found] = await cleanCases(one, 'catering_fume')
    await one.page.goto(`/cases/${found?.case_id}`)
    await other.page.goto(`/cases/${found?.case_id}`)
    await other.page.locator('.actions').waitFor()
    await one.page.getByRole('button', { name: /^认定/ }).click()
    await one.page.getByRole('dialog', { name: '认定本案' }).getByRole('button', { name: /认定/ }).click()
    await one.page.locator('header .tag', { hasText: '已认定' }).waitFor()
    // Within two seconds, without anybody touching the other screen.
    await other.page.locator('header .tag', { hasText: '已认定' }).waitFor({ timeout: 2_000 })
    await other.page.getByText('他人刚刚处理过本案').waitFor()
    expect(await other.page.getByRole('button', { name: /^退回/ }).count()).toBe(0)
    expect((await ask<ListedCase>(other, `/api/v1/cases/${found?.case_id}`)).review_state).toBe('confirmed')
    expectClean(one)
    expectClean(other)
  })

  it('who did not hear of the other decision in time is refused, sees it and has overwritten nothing', async () => {
    const one = await openDesk(browser)
    const other = await openDesk(browser)
    await enter(one, 'supervisor1', '/queue')
    await other.page.route('**/api/v1/events', (route) => route.abort())
    await enter(other, 'supervisor2', '/queue')
    const [found] = await cleanCases(one, 'site_dust')
    await other.page.goto(`/cases/${found?.case_id}`)
    await other.page.getByRole('button', { name: /^不予认定/ }).click()
    const dialog = other.page.getByRole('dialog', { name: '不予认定' })
    await dialog.getByRole('textbox').fill('经核实，现场已覆盖。')
    await one.page.goto(`/cases/${found?.case_id}`)
    await one.page.getByRole('button', { name: /^认定/ }).click()
    await one.page.getByRole('dialog', { name: '认定本案' }).getByRole('button', { name: /认定/ }).click()
    await one.page.locator('header .tag', { hasText: '已认定' }).waitFor()

    await dialog.getByRole('button', { name: /^不予认定/ }).click()
    await other.page.getByText(/他人(刚刚)?处理过?/).first().waitFor()
    await other.page.getByText('您填写而未提交的内容：经核实，现场已覆盖。').waitFor()
    await other.page.locator('header .tag', { hasText: '已认定' }).waitFor()
    const { decisions } = await ask<{ decisions: { kind: string }[] }>(other, `/api/v1/cases/${found?.case_id}`)
    expect(decisions.map(({ kind }) => kind)).toEqual(['confirm'])
  })
})

it('a browser that is too old gets a page that says so, and sends nothing', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  await page.addInitScript(() => {
    Reflect.deleteProperty(Object, 'hasOwn')
  })
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await page.goto('/queue')
  await page.getByRole('heading', { name: '浏览器版本过低，无法使用蓝天' }).waitFor()
  await page.getByText('Chrome or Edge 94').waitFor()
  expect(asked.filter((path) => path.startsWith('/api/'))).toEqual([])
})
