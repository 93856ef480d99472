/** A unit's day: what is to be put right, the report with photos, giving back, receipts. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { TABLET, launch } from '../browser'
import { charge, order } from '../charges'
import { drawPhoto } from '../field'
import { enter, expectClean, hasKeyboard, openDesk, pickByKeyboard, signIn, signInByKeyboard, tabTo, type ListedCase } from '../office'

const PREPARATION_MILLISECONDS = 120_000
const MONTH = /^\d{4}-\d{2}$/

let browser: Browser
let cases: ListedCase[]
beforeAll(async () => {
  browser = await launch()
  const supervisor = await openDesk(browser)
  await enter(supervisor, 'supervisor1', '/account')
  cases = await charge(supervisor, browser, { street: 2, occurredAt: new Date(Date.now() - 7_200_000).toISOString(), count: 3 })
  for (const { case_id } of cases) await order(supervisor, case_id)
}, PREPARATION_MILLISECONDS)
afterAll(() => browser.close())

describe('a liaison', () => {
  it('sees what is due, reports it with a photo from after, and cannot report nothing', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    const [found] = cases
    await signIn(desk, 'liaison.fengying')
    await page.waitForURL('**/unit/cases')
    const task = page.locator('.tasks tbody tr', { hasText: found?.target_name ?? '' })
    await task.getByText(/还剩/).waitFor()
    await task.getByRole('button', { name: '整改反馈' }).click()
    await page.waitForURL(`**/unit/cases/${found?.case_id}`)
    const dialog = page.getByRole('dialog', { name: '整改反馈' })
    await dialog.getByRole('button', { name: /整改反馈/ }).click()
    await dialog.getByText('请填写整改情况').waitFor()
    const text = join(inject('folder'), 'notes.txt')
    await writeFile(text, 'no picture')
    await dialog.locator('input[type=file]').setInputFiles(text)
    await dialog.getByText('notes.txt 不是 JPEG、PNG 或 WebP 图片').waitFor()
    const after = await drawPhoto(browser, join(inject('folder'), 'liaison-after.jpg'), 8_001, true)
    await dialog.locator('input[type=file]').setInputFiles(after)
    await dialog.getByRole('textbox').fill('净化器已开启，滤网已清洗。')
    await dialog.getByRole('button', { name: /整改反馈/ }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByText('等待区环委办复核').first().waitFor()
    // Before and after side by side.
    await page.locator('.sides .photos').nth(1).locator('button').first().click()
    expect(await page.getByRole('dialog').locator('figure').count()).toBe(2)
    expectClean(desk)
  })

  it('gives a case back with a usual reason, by keyboard', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    const found = cases[1]
    await enter(desk, 'liaison.fengying', `/unit/cases/${found?.case_id}`)
    await page.getByRole('button', { name: /^退回/ }).waitFor()
    await page.keyboard.press('b')
    const dialog = page.getByRole('dialog', { name: '退回交办' })
    await hasKeyboard(dialog.getByRole('textbox'))
    await page.keyboard.press('Alt+1')
    await page.keyboard.press('Control+Enter')
    await dialog.waitFor({ state: 'hidden' })
    await page.getByText('单位退回').waitFor()
    expectClean(desk)
  })

  it('does the day by keyboard alone: what is due, the report with its photo, an appeal, the receipts', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    const { keyboard } = page
    const found = cases[2]
    const photo = await drawPhoto(browser, join(inject('folder'), 'liaison-keyboard.jpg'), 8_002, true)
    await signInByKeyboard(desk, 'liaison.fengying')
    await page.waitForURL('**/unit/cases')
    const tasks = page.locator('.tasks tbody tr')
    await tasks.first().waitFor()
    const at = (await tasks.allInnerTexts()).findIndex((text) => text.includes(found?.target_name ?? ''))
    await keyboard.press('j')
    await hasKeyboard(tasks.first())
    for (let step = 0; step < at; step += 1) await keyboard.press('ArrowDown')
    await keyboard.press('Enter')
    await page.waitForURL(`**/unit/cases/${found?.case_id}`)
    await page.getByRole('button', { name: /^整改反馈/ }).waitFor()

    await keyboard.press('r')
    const report = page.getByRole('dialog', { name: '整改反馈' })
    await hasKeyboard(report.getByRole('textbox'))
    await keyboard.type('净化器已维修，运行记录见照片。')
    await pickByKeyboard(report.locator('input[type=file]'), photo)
    await report.locator('li img').waitFor()
    await keyboard.press('Control+Enter')
    await report.waitFor({ state: 'hidden' })
    await page.getByText('等待区环委办复核').first().waitFor()

    await keyboard.press('a')
    const appeal = page.getByRole('dialog', { name: '对本案扣缴提出申诉' })
    await hasKeyboard(appeal.getByRole('textbox'))
    await keyboard.type('检查当日设备正在检修。')
    await keyboard.press('Control+Enter')
    await appeal.waitFor({ state: 'hidden' })
    await page.getByText('检查当日设备正在检修').waitFor()

    await tabTo(page.getByRole('navigation').getByRole('link', { name: '扣缴与回执' }))
    await keyboard.press('Enter')
    await page.waitForURL('**/unit/receipts')
    await page.locator('main tbody tr').first().getByText(MONTH).waitFor()
    expectClean(desk)
  })

  it('sees its charges by month on a tablet, and prints the notice', async () => {
    const desk = await openDesk(browser, { viewport: TABLET })
    const { page, context } = desk
    await enter(desk, 'liaison.fengying', '/unit/receipts')
    await page.locator('main tbody tr').first().getByText(MONTH).waitFor()
    const printing = context.waitForEvent('page')
    await page.getByRole('link', { name: '查看草稿' }).first().click()
    const notice = await printing
    await notice.getByText('财力扣缴通知书').first().waitFor()
    expectClean(desk)
  })

  it('sees no other unit, and is not offered what others do', async () => {
    const desk = await openDesk(browser)
    await enter(desk, 'liaison.macun', `/unit/cases/${cases[0]?.case_id}`)
    await desk.page.getByText('没有该案件，或您无权查看').waitFor()
    await desk.page.goto('/months')
    await desk.page.getByText('没有这个页面').waitFor()
    expectClean(desk)
  })
})
