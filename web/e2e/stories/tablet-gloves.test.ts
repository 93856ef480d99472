/**
 * Gloves and haste: a tap that bounces, a button that nobody pressed, a field that was out of sight. What an inspector filled
 * in is there when it is submitted, or was asked about.
 */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { Clerk, invite } from '../clerk'
import { begin, draw, enrol, expectClean, fail, openTablet, seal, standAt, sync, total, typePin, type Tablet } from '../inspector'

const STORY_MILLISECONDS = 180_000
const HOARDING = '周边硬质密闭围挡'
const TRUCKS = '建筑垃圾由有资质车辆运输'

describe('an inspector in a hurry', () => {
  let tablet: Tablet
  let user: string

  beforeAll(async () => {
    tablet = await openTablet({ seed: 33_000 })
    const { code, site, ...invited } = await invite(inject('url'), 'inspector2', '410804/002')
    user = invited.user
    await standAt(tablet, site)
    await enrol(tablet, code)
  }, STORY_MILLISECONDS)
  afterAll(() => tablet.context.close())

  it('whose glove bounces keeps the answer, is asked before its work goes, and sees its photos beside a pass', async () => {
    const { page } = tablet
    await begin(page, '施工工地')
    const card = cardOf(page, HOARDING)
    const failed = card.getByRole('button', { name: '不符合' })
    await failed.dblclick()
    expect(await failed.getAttribute('aria-pressed')).toBe('true')
    await card.locator('textarea').fill('西侧围挡缺失约 20 米')
    await card.getByRole('button', { name: '符合', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: '取消' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(await card.locator('textarea').inputValue()).toBe('西侧围挡缺失约 20 米')
    await page.getByRole('button', { name: '核对并提交' }).click()
    await page.locator('output.sum').waitFor()
    expect(await total(page)).toBeGreaterThan(0)
    await page.getByRole('button', { name: '修改' }).click()

    await fail(tablet, '物料覆盖或密闭储存')
    const other = cardOf(page, '物料覆盖或密闭储存')
    await other.getByRole('button', { name: '符合', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: '改变答案' }).click()
    await other.locator('textarea').waitFor({ state: 'hidden' })
    await other.locator('.strip img').waitFor()
    await discard(page)
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('who goes on without 采用签字 has the signature kept, through the review and a reload, and is asked before it goes', async () => {
    const { page } = tablet
    await begin(page, '施工工地')
    const drawn = page.locator('.strip .mark', { hasText: '签字' })
    const missing = page.getByText('但没有签字图')
    await page.getByRole('button', { name: '签字', exact: true }).click()
    await page.locator('input[name=representative]').fill('赵五')
    await page.getByRole('button', { name: '核对并提交' }).click()
    await missing.waitFor()
    await page.getByRole('button', { name: '修改' }).click()
    await draw(page)
    await page.getByRole('button', { name: '核对并提交' }).click()
    await page.locator('output.sum').waitFor()
    expect(await missing.count()).toBe(0)
    await page.getByRole('button', { name: '修改' }).click()
    await page.getByText('签字已保存').waitFor()
    expect(await drawn.count()).toBe(1)
    await page.getByText(/^已保存/).waitFor()
    await page.reload()
    await typePin(page)
    await page.locator('main a.line', { hasText: '继续' }).click()
    await page.getByText('签字已保存').waitFor()

    await page.getByRole('button', { name: '拒签' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '取消' }).click()
    expect(await page.locator('input[name=representative]').inputValue()).toBe('赵五')
    expect(await drawn.count()).toBe(1)
    await page.getByRole('button', { name: '不在场' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '删除签字' }).click()
    await drawn.waitFor({ state: 'detached' })

    // Drawn once more and left at rest: kept though nothing at all was pressed.
    await page.getByRole('button', { name: '签字', exact: true }).click()
    await draw(page)
    await page.getByText('签字已保存').waitFor()
    await discard(page)
    expectClean(tablet)
  }, STORY_MILLISECONDS)

  it('gives the plate of a truck where it failed, and is told in the review while there is none', async () => {
    const { page } = tablet
    await begin(page, '施工工地')
    expect(await page.locator('input[name=plate]').count()).toBe(0)
    await fail(tablet, TRUCKS)
    await page.getByRole('button', { name: '核对并提交' }).click()
    await page.getByText('没有填车牌号').waitFor()
    await page.getByRole('button', { name: '修改' }).click()
    await cardOf(page, TRUCKS).locator('input[name=plate]').fill('豫H·54321')
    const fen = await seal(page)
    await sync(page)
    const supervisor = await Clerk.of(inject('url'), 'supervisor1')
    const found = (await supervisor.casesBy(user)).find(({ item }) => item === 'muck_truck')
    expect(found?.pending).toBe(fen)
    const { inspection } = await supervisor.get<{ inspection: { notes: string } }>(`/api/v1/cases/${found?.case_id}`)
    expect(inspection.notes).toBe('车牌号：豫H·54321')
    await supervisor.close()
    expectClean(tablet)
  }, STORY_MILLISECONDS)
})

function cardOf(page: Page, question: string) {
  return page.locator('section.panel', { has: page.getByRole('heading', { name: question }) })
}

/** Leaves no draft for the next story. */
async function discard(page: Page): Promise<void> {
  await page.getByRole('button', { name: '放弃草稿' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '放弃草稿' }).click()
  await page.waitForURL('**/inspect')
}
