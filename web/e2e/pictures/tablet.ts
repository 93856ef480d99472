/** Pictures of the tablet's screens for the README and docs/screenshots: upright, across, and on a phone; as JPEG, for size. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { PHONE, TABLET_ACROSS, TABLET_UPRIGHT, openTablet } from '../inspector'
import { visitEveryScreen } from '../tablet-screens'

const FOLDER = join(import.meta.dirname, '../../../docs/screenshots')
const JPEG_QUALITY = 78
const SCREENS_MILLISECONDS = 240_000

it.each([
  ['tablet', 'zh', TABLET_UPRIGHT, ['today', 'inspect', 'camera'], { username: 'inspector3', grid: '410804/003' }, 60_000],
  ['tablet-across', 'zh', TABLET_ACROSS, ['map'], { username: 'inspector4', grid: '410804/004' }, 61_000],
  ['phone', 'en', PHONE, ['fire', 'review'], { username: 'inspector5', grid: '410804/005' }, 62_000],
] as const)('%s', async (name, language, viewport, wanted, post, seed) => {
  await mkdir(FOLDER, { recursive: true })
  const tablet = await openTablet({ language, viewport, seed })
  const { page } = tablet
  const left = new Set<string>(wanted)
  await visitEveryScreen(tablet, post, inject('url'), async (screen) => {
    if (!left.delete(screen)) return
    await page.waitForFunction(() => [...document.images].every(({ complete }) => complete))
    // What was said about the screen before is gone.
    await page.locator('.said.empty').waitFor({ state: 'attached' })
    await page.screenshot({ path: join(FOLDER, `${name}-${screen}.jpg`), type: 'jpeg', quality: JPEG_QUALITY })
  })
  expect([...left]).toEqual([])
  await tablet.context.close()
}, SCREENS_MILLISECONDS)
