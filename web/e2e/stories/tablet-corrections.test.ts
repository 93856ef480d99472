/** What an inspector typed wrong and what is corrected later: a value that is no number, and one correction of one inspection. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { invite } from '../clerk'
import { begin, enrol, expectClean, fail, openTablet, seal, section, standAt, typePin, type Tablet } from '../inspector'

const STORY_MILLISECONDS = 180_000

describe('an inspector', () => {
  let tablet: Tablet

  beforeAll(async () => {
    tablet = await openTablet({ seed: 50_000 })
    const { code, site } = await invite(inject('url'), 'inspector5', '410804/005')
    await standAt(tablet, site)
    await enrol(tablet, code)
  }, STORY_MILLISECONDS)
  afterAll(() => tablet.context.close())

  it('cannot seal a measured value that is no number, and finds what was typed again', async () => {
    const { page } = tablet
    const value = page.locator('section.panel', { has: page.getByRole('heading', { name: '测量' }) }).locator('input').first()
    await begin(page, '施工工地')
    await fail(tablet, '物料覆盖或密闭储存')
    await value.fill('1,200')
    await page.getByText('请输入数字').waitFor()
    await page.getByRole('button', { name: '核对并提交' }).click()
    await page.locator('output.sum').waitFor()
    await page.getByText('“1,200”').waitFor()
    expect(await page.getByRole('button', { name: '提交封存' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: '修改' }).click()
    expect(await value.inputValue()).toBe('1,200')
    await page.reload()
    await typePin(page)
    await page.locator('main a.line', { hasText: '继续' }).click()
    await expect.poll(() => value.inputValue()).toBe('1,200')
    await value.fill('120,5')
    await seal(page)
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('goes on with a correction that was begun instead of another', async () => {
    const { page } = tablet
    const correct = page.locator('footer').getByRole('button', { name: '更正', exact: true })
    const drafts = page.locator('main a.line', { hasText: '继续' })
    await section(page, '我的')
    await page.locator('main a.line').first().click()
    await page.waitForURL('**/mine/*')
    const corrected = page.url()
    await correct.click()
    await page.getByRole('dialog').getByRole('button', { name: '更正' }).click()
    await page.waitForURL('**/inspect/*')
    const draft = page.url()
    await page.getByText('更正会替代原来的记录').waitFor()

    await page.goBack()
    await page.waitForURL(corrected)
    await correct.click()
    await page.waitForURL(draft)
    await page.goBack()
    await section(page, '今日')
    await drafts.first().waitFor()
    expect(await drafts.count()).toBe(1)

    await drafts.first().click()
    await seal(page)
    await section(page, '我的')
    await page.locator('main a.line', { hasText: '已更正' }).click()
    await page.waitForURL(corrected)
    await page.getByRole('button', { name: '查看更正件' }).click()
    await page.waitForURL((url) => url.pathname.includes('/mine/') && url.href !== corrected)
    await correct.waitFor()
    expectClean(tablet)
  }, STORY_MILLISECONDS)
})
