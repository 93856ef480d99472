/**
 * One picture of one screen, for whoever works on it:
 *   LANTIAN_WEB_URL=http://127.0.0.1:5173 node e2e/look.mjs out.png supervisor1 /queue [en] [tablet] [full]
 * The user signs in with the demonstration's password; `-` looks without signing in. Console errors are printed.
 */
import { chromium } from 'playwright-core'

const [out, user, path, ...options] = process.argv.slice(2)
const base = process.env.LANTIAN_WEB_URL ?? 'http://127.0.0.1:5173'
const browser = await chromium.launch({
  executablePath: process.env.LANTIAN_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync', '--no-first-run'],
})
const viewport = options.includes('tablet') ? { width: 768, height: 1024 } : { width: 1366, height: 768 }
const page = await browser.newPage({ viewport, locale: 'zh-CN' })
page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(message.type(), message.text()))
page.on('pageerror', (error) => console.log('pageerror', error.message))
if (options.includes('en')) await page.addInitScript(() => localStorage.setItem('lantian.language', 'en'))
if (user !== '-') {
  const answer = await page.request.post(`${base}/api/v1/sessions`, {
    data: { username: user, password: process.env.LANTIAN_PASSWORD ?? 'lantian-demo' },
  })
  if (!answer.ok()) throw new Error(`sign-in: ${answer.status()} ${await answer.text()}`)
}
await page.goto(base + path)
// What the screen fetches has come when nothing was asked for half a second; the event stream never ends.
await page.waitForTimeout(Number(process.env.LOOK_WAIT ?? 1500))
for (const step of options.filter((option) => option.startsWith('click:'))) {
  await page.click(step.slice(6))
  await page.waitForTimeout(700)
}
for (const step of options.filter((option) => option.startsWith('key:'))) {
  await page.keyboard.press(step.slice(4))
  await page.waitForTimeout(500)
}
await page.screenshot({ path: out, fullPage: options.includes('full') })
await browser.close()
