/** An administrator's day: a file with bad rows, a colleague's assignment, a lost tablet, a new version of the policy. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launch } from '../browser'
import { ask, enter, expectClean, hasKeyboard, openDesk, pickByKeyboard, signInByKeyboard, tabTo } from '../office'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

interface Target {
  target_id: string
  code: string
  name: string
  version: number
  responsible_person: string
}

/** Chooses an option of one of the page's selects by its words. */
async function choose(page: Page, field: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: field }).click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

describe('files', () => {
  it('bad rows are named with row, column and code; the others are imported once they were agreed to', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'admin', '/registers/units')
    await page.getByRole('link', { name: '导入', exact: true }).click()
    await page.waitForURL('**/registers/import/units')
    const template = await page.request.get('/api/v1/registers/units.csv?lang=zh')
    const [head = '', ...lines] = (await template.text()).trim().split('\r\n')
    const columns = head.replace('\ufeff', '').split(',')
    const named = columns.indexOf('责任单位')
    const line = (code: string, name: (now: string) => string) =>
      (lines.find((one) => one.startsWith(code)) ?? '').split(',').map((cell, at) => (at === named ? name(cell) : cell))
    const file = join(inject('folder'), 'units.csv')
    const rows = [line('205001', (now) => `${now}（更名）`), line('206001', () => '')]
    await writeFile(file, [head, ...rows.map((cells) => cells.join(','))].join('\r\n'))

    await page.locator('input[type=file]').setInputFiles(file)
    const row = page.getByRole('row', { name: /有问题/ })
    await row.getByText('text_required').waitFor()
    expect(await row.innerText()).toMatch(/^3\s/)
    await row.getByText('This must be filled in.').waitFor()
    const run = page.getByRole('button', { name: '导入 1 行' })
    expect(await run.isDisabled()).toBe(true)
    await page.getByText('修改 1', { exact: true }).click()
    await page.getByRole('row', { name: /更名/ }).waitFor()
    await page.getByText('跳过 1 个有问题的行，其余照常导入').click()
    await run.click()
    const dialog = page.getByRole('dialog', { name: '确认导入' })
    await dialog.getByText('跳过 1 个有问题的行').waitFor()
    await dialog.getByRole('button', { name: '导入 1 行' }).click()
    await page.getByRole('heading', { name: '导入完成：新增 0 条，修改 1 条' }).waitFor()
    const units = await ask<{ name: string }[]>(desk, '/api/v1/units')
    expect(units.filter(({ name }) => name.endsWith('（更名）')).length).toBe(1)

    // The same file again has nothing more to write.
    await page.getByRole('button', { name: '重新预览' }).click()
    await page.getByText('文件与台账一致，没有要写入的内容').waitFor()
    expectClean(desk)
  })

  it('a file that cannot be read says why, and changes nothing', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'admin', '/registers/import/grids')
    const file = join(inject('folder'), 'broken.csv')
    await writeFile(file, '甲,乙\r\n1,2\r\n')
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByRole('heading', { name: '文件不能读取，请按下面的提示修改后重新选择' }).waitFor()
    await page.getByText('column_unknown').first().waitFor()
    expect(await page.getByRole('button', { name: /^导入 \d+ 行/ }).count()).toBe(0)
    expectClean(desk)
  })
})

describe('registers', () => {
  it('two people change one unit: the second sees both and decides, and nothing is overwritten unseen', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'admin', '/registers/units?text=202001')
    await page.locator('main tbody tr').first().getByRole('button', { name: '修改' }).click()
    const dialog = page.getByRole('dialog', { name: '修改单位' })
    await dialog.getByLabel('名称').fill('马村区住建局')
    // Meanwhile somebody else changes another field.
    const other = await openDesk(browser)
    const { csrf_token } = (await (
      await other.page.request.post('/api/v1/sessions', { data: { username: 'admin', password: 'lantian-demo' } })
    ).json()) as { csrf_token: string }
    const units = await ask<{ unit_id: string; budget_code: string; version: number }[]>(other, '/api/v1/units')
    const unit = units.find(({ budget_code }) => budget_code === '202001')
    const { version, ...fields } = unit ?? { version: 0 }
    const changed = await other.page.request.put(`/api/v1/units/${unit?.unit_id}`, {
      data: { ...fields, budget_code: '202009', expected_version: version },
      headers: { 'x-csrf-token': csrf_token },
    })
    expect(changed.status()).toBe(200)

    await dialog.getByRole('button', { name: /保存/ }).click()
    const sides = dialog.getByRole('table', { name: '两处修改对照' })
    await sides.waitFor()
    // What only the other one changed is taken over, what one typed oneself is proposed.
    expect(await sides.getByRole('row', { name: /预算单位编码/ }).getByRole('radio', { name: '202009' }).isChecked()).toBe(true)
    expect(await sides.getByRole('row', { name: /名称/ }).getByRole('radio', { name: '马村区住建局' }).isChecked()).toBe(true)
    await dialog.getByRole('button', { name: /按选择保存/ }).click()
    await dialog.waitFor({ state: 'hidden' })
    const now = (await ask<{ unit_id: string; budget_code: string; name: string }[]>(desk, '/api/v1/units')).find(
      ({ unit_id }) => unit_id === unit?.unit_id,
    )
    expect([now?.name, now?.budget_code]).toEqual(['马村区住建局', '202009'])
    expectClean(desk)
  })

  it('a target is found by two characters, changed by keyboard, and removed with a warning', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'admin', '/registers/targets')
    const { targets } = await ask<{ targets: Target[] }>(desk, '/api/v1/targets?kind=vehicle&limit=1')
    const [target] = targets
    await page.locator('main tbody tr').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type(target?.name.slice(0, 2) ?? '')
    await page.waitForURL(/text=/)
    await page.getByRole('link', { name: target?.name ?? '', exact: true }).click()
    await page.waitForURL(`**/registers/targets/${target?.target_id}`)
    await page.getByRole('heading', { name: target?.name ?? '' }).waitFor()
    await page.keyboard.press('e')
    const dialog = page.getByRole('dialog', { name: '修改对象' })
    await dialog.getByLabel('责任人').fill('丁一')
    await page.keyboard.press('Control+Enter')
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('definition').filter({ hasText: '丁一' }).waitFor()
    await page.getByRole('button', { name: '删除对象' }).click()
    const asked = page.getByRole('dialog', { name: '删除对象' })
    await asked.getByText('已有案件仍保留它的名称和编号').waitFor()
    await asked.getByRole('button', { name: '删除对象' }).click()
    await page.getByText(/已于 .* 删除，仅供查阅/).waitFor()
    expectClean(desk)
  })
})

describe('people and devices', () => {
  it('a new colleague gets a password once, a role from a day on, another grid, and a code to enrol', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'admin', '/users')
    await page.getByRole('button', { name: '新增用户' }).click()
    const created = page.getByRole('dialog', { name: '新增用户' })
    await created.getByLabel('姓名').fill('丁文静')
    await created.getByLabel('用户名').fill('ding.wenjing')
    await created.getByRole('button', { name: '新增用户' }).click()
    const password = await created.locator('[data-secret]').innerText()
    expect(password.length).toBeGreaterThan(9)
    await created.getByRole('button', { name: '关闭' }).last().click()
    await page.waitForURL(/\/users\/[0-9a-f-]{36}/)

    await page.getByRole('button', { name: '任命' }).click()
    const assigned = page.getByRole('dialog', { name: '为丁文静任命岗位' })
    await assigned.getByRole('button', { name: '任命' }).click()
    await assigned.getByText('请选择网格').waitFor()
    await choose(page, '网格', '马村街道')
    await assigned.getByRole('button', { name: '任命' }).click()
    await assigned.waitFor({ state: 'hidden' })
    const row = page.getByRole('row', { name: /网格员.*马村街道/ })
    await row.getByText('任职中').waitFor()

    await row.getByRole('button', { name: '调整网格' }).click()
    const moved = page.getByRole('dialog', { name: '调整到其他网格' })
    await choose(page, '网格', '冯营街道')
    await moved.getByRole('button', { name: '调整网格' }).click()
    await page.getByRole('row', { name: /网格员.*冯营街道/ }).getByText('未开始').waitFor()

    await page.getByRole('button', { name: '终端入网码' }).click()
    const code = page.getByRole('dialog', { name: '终端入网码' })
    expect(await code.locator('[data-secret]').innerText()).toMatch(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/)
    await code.getByRole('img', { name: '入网码' }).waitFor()
    await page.keyboard.press('Escape')

    // The password works, and it was shown once: it is nowhere on the page any more.
    expect(await page.locator('body').innerText()).not.toContain(password)
    const colleague = await openDesk(browser)
    const session = await colleague.page.request.post('/api/v1/sessions', { data: { username: 'ding.wenjing', password } })
    expect(session.status()).toBe(201)
    expectClean(desk)
  })

  it('a lost tablet is revoked after its consequence was said', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'admin', '/devices')
    const row = page.getByRole('row', { name: /终端 2/ })
    // A colleague looks at the same screen.
    const colleague = await openDesk(browser)
    await enter(colleague, 'admin', '/devices')
    await colleague.page.getByRole('row', { name: /终端 2/ }).getByText('正常').waitFor()
    await row.getByRole('button', { name: '停用终端' }).click()
    const dialog = page.getByRole('dialog', { name: '停用终端' })
    await dialog.getByText('之后它送来的记录进入隔离区').waitFor()
    await dialog.getByRole('button', { name: '停用终端' }).click()
    await row.getByText('已停用').waitFor()
    await colleague.page.getByRole('row', { name: /终端 2/ }).getByText('已停用').waitFor({ timeout: 2_000 })
    expectClean(colleague)
    const { devices } = await ask<{ devices: { name: string; revoked_at?: string | null }[] }>(desk, '/api/v1/devices?limit=500')
    expect(devices.find(({ name }) => name === '终端 2')?.revoked_at).toBeTruthy()
    expectClean(desk)
  })
})

describe('policy', () => {
  it('a faulty version is refused line by line; a sound one is compared, its effect on the past shown, and adopted', async () => {
    const desk = await openDesk(browser)
    const { page } = desk
    await enter(desk, 'admin', '/registers/packs')
    const packs = await ask<{ hash: string; id: string }[]>(desk, '/api/v1/packs')
    const macun = packs.find(({ id }) => id === 'macun-2024')
    const { source } = await ask<{ source: string }>(desk, `/api/v1/packs/${macun?.hash}`)
    const next = source.replace('metres = 50', 'metres = 80').replace('from = "2024-09-30"', 'from = "2099-01-01"')
    expect(next).not.toBe(source)
    await page.getByRole('button', { name: '加入新版本' }).click()
    const dialog = page.getByRole('dialog', { name: '加入新版本' })
    const choose = (name: string, text: string) =>
      dialog.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/toml', buffer: Buffer.from(text) })
    await choose('faulty.toml', next.replace('metres = 80', 'metres = -1'))
    await dialog.getByText(/文件有 \d+ 处问题/).waitFor()
    await choose('macun-2099.toml', next)
    await page.waitForURL((url) => /\/registers\/packs\/[0-9a-f]{64}$/.test(url.pathname))
    const hash = page.url().split('/').at(-1)
    await page.goto(`/registers/packs/${macun?.hash}?tab=difference&to=${hash}`)
    await page.getByRole('row', { name: /metres/ }).getByText('80').waitFor()

    // As it stands: in force from 2099 on, so no case of the past is in its days.
    await page.goto(`/registers/packs/${macun?.hash}`)
    await page.getByRole('button', { name: '修改采用日期' }).click()
    const old = page.getByRole('dialog', { name: '采用政策包' })
    await old.getByLabel('施行截止日期').fill('2098-12-31')
    await page.keyboard.press('Enter')
    await old.getByText('这些日期内没有按其他版本判定的案件').waitFor()
    await old.getByRole('button', { name: '修改采用日期' }).click()
    await old.waitFor({ state: 'hidden' })
    await page.goto(`/registers/packs/${hash}`)
    await page.getByRole('button', { name: '采用此版本' }).click()
    const adopted = page.getByRole('dialog', { name: '采用政策包' })
    await adopted.getByText('这些日期内没有按其他版本判定的案件').waitFor()
    await adopted.getByRole('button', { name: '采用此版本' }).click()
    await adopted.waitFor({ state: 'hidden' })
    await page.getByText('待施行').waitFor()
    expectClean(desk)
  })
})

it('an administrator does the day by keyboard alone: a colleague, a file, a lost tablet', async () => {
  const desk = await openDesk(browser)
  const { page } = desk
  const { keyboard } = page
  await signInByKeyboard(desk, 'admin')
  await page.waitForURL('**/users')
  await page.locator('main tbody tr').first().waitFor()
  await keyboard.press('n')
  const created = page.getByRole('dialog', { name: '新增用户' })
  await hasKeyboard(created.getByLabel('姓名'))
  await keyboard.type('韩敏')
  await keyboard.press('Tab')
  await keyboard.type('han.min')
  await keyboard.press('Control+Enter')
  await created.locator('[data-secret]').waitFor()
  await tabTo(created.getByRole('button', { name: '关闭' }).last())
  await keyboard.press('Enter')
  await page.waitForURL(/\/users\/[0-9a-f-]{36}/)

  await page.getByRole('button', { name: '任命' }).waitFor()
  await keyboard.press('n')
  const assigned = page.getByRole('dialog', { name: '为韩敏任命岗位' })
  await tabTo(assigned.getByRole('combobox', { name: '网格' }))
  await keyboard.type('马村街道')
  await page.getByRole('option', { name: '马村街道', exact: true }).waitFor()
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  await tabTo(assigned.getByRole('button', { name: /任命/ }))
  await keyboard.press('Enter')
  await assigned.waitFor({ state: 'hidden' })
  await page.getByRole('row', { name: /网格员.*马村街道/ }).getByText('任职中').waitFor()

  const template = await page.request.get('/api/v1/registers/units.csv?lang=zh')
  const [head = '', ...lines] = (await template.text()).trim().split('\r\n')
  const line = lines.find((one) => one.startsWith('204001')) ?? ''
  const name = line.split(',')[head.replace('\ufeff', '').split(',').indexOf('责任单位')] ?? ''
  const file = join(inject('folder'), 'units-keyboard.csv')
  await writeFile(file, [head, line.replace(name, `${name}（科室）`)].join('\r\n'))
  await tabTo(page.getByRole('navigation').getByRole('link', { name: '责任单位' }))
  await keyboard.press('Enter')
  await page.waitForURL('**/registers/units')
  await tabTo(page.getByRole('link', { name: '导入', exact: true }))
  await keyboard.press('Enter')
  await page.waitForURL('**/registers/import/units')
  await pickByKeyboard(page.locator('input[type=file]'), file)
  await tabTo(page.getByRole('button', { name: '导入 1 行' }))
  await keyboard.press('Enter')
  const agreed = page.getByRole('dialog', { name: '确认导入' })
  await agreed.getByRole('button', { name: /^导入 1 行/ }).waitFor()
  await keyboard.press('Control+Enter')
  await page.getByRole('heading', { name: '导入完成：新增 0 条，修改 1 条' }).waitFor()

  await tabTo(page.getByRole('navigation').getByRole('link', { name: '终端' }))
  await keyboard.press('Enter')
  const revoke = page.getByRole('row', { name: /终端 1/ }).getByRole('button', { name: '停用终端' })
  await tabTo(revoke)
  await keyboard.press('Enter')
  const revoking = page.getByRole('dialog', { name: '停用终端' })
  await revoking.getByText('之后它送来的记录进入隔离区').waitFor()
  // Found again meanwhile: nothing is revoked.
  await keyboard.press('Escape')
  await revoking.waitFor({ state: 'hidden' })
  expect(await revoke.isEnabled()).toBe(true)
  expectClean(desk)
})

it('the registers speak English', async () => {
  const desk = await openDesk(browser, { language: 'en' })
  const { page } = desk
  await enter(desk, 'admin', '/users')
  await page.getByRole('button', { name: 'New user' }).waitFor()
  for (const path of ['/users', '/devices', '/registers/targets', '/registers/import/targets', '/overview', '/decisions']) {
    await page.goto(path)
    await page.locator('main h1').first().waitFor()
    const chrome = await page.locator('main h1, nav, thead, label').allInnerTexts()
    expect(chrome.join(' '), path).not.toMatch(/[\u4e00-\u9fff]/)
  }
  expectClean(desk)
})
