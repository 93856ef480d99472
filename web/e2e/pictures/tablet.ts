/** Pictures of the tablet's screens for the README and docs/screenshots: upright, across, and on a phone. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, inject, it } from 'vitest'
import { invite } from '../clerk'
import { PHONE, TABLET_ACROSS, TABLET_UPRIGHT, enrol, openTablet, section, shoot, standAt } from '../inspector'

const FOLDER = join(import.meta.dirname, '../../../docs/screenshots')

describe('pictures of the tablet', () => {
  it.each([
    ['', 'zh', TABLET_UPRIGHT, 'inspector3', '410804/003'],
    ['-across', 'zh', TABLET_ACROSS, 'inspector4', '410804/004'],
    ['-phone', 'en', PHONE, 'inspector5', '410804/005'],
  ] as const)('%s', async (suffix, language, viewport, username, grid) => {
    await mkdir(FOLDER, { recursive: true })
    const words =
      language === 'zh'
        ? { register: '台账', map: '地图', inspect: '检查', begin: '开始检查', fail: '不符合', photo: '拍照', done: '完成', rest: '其余全部符合', check: '核对并提交', fire: '火点' }
        : { register: 'Register', map: 'Map', inspect: 'Inspect', begin: 'Inspect', fail: 'Fail', photo: 'Photo', done: 'Done', rest: 'All others pass', check: 'Check and submit', fire: 'Fire' }
    const { code, site } = await invite(inject('url'), username, grid)
    const tablet = await openTablet({ viewport, language, seed: 7_300 })
    const { page } = tablet
    const picture = (name: string) => page.screenshot({ path: join(FOLDER, `tablet-${name}${suffix}.png`) })
    await standAt(tablet, site)
    await enrol(tablet, code)
    await page.locator('main .line').first().waitFor()
    await picture('today')
    await section(page, words.register)
    await page.getByRole('button', { name: words.map, exact: true }).click()
    await page.locator('[data-ready=true]').waitFor()
    await page.waitForTimeout(1_000)
    await picture('map')
    await section(page, words.inspect)
    await page.locator('main a.line', { hasText: site.name }).first().click()
    await page.locator('footer').getByRole('button', { name: words.begin }).click()
    const card = page.locator('section.panel', { has: page.locator('.verdicts') }).first()
    await card.getByRole('button', { name: words.fail }).click()
    await card.getByRole('button', { name: words.photo }).click()
    await page.locator('.shutter:enabled').waitFor()
    await picture('camera')
    await shoot(page)
    await page.getByRole('button', { name: words.done }).click()
    await page.getByRole('button', { name: words.rest }).click()
    await card.scrollIntoViewIfNeeded()
    await picture('inspect')
    await page.getByRole('button', { name: words.check }).click()
    await page.locator('output.sum').waitFor()
    await picture('charges')
    await tablet.context.close()
  })
})
