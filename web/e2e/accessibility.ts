/** What axe finds on a page as it is. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

interface Violation {
  id: string
  impact: string | null
  nodes: { html: string; failureSummary?: string }[]
}

/** Serious and critical faults, each with the elements that have it. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Through the debugger, as the page's own policy forbids added scripts.
  await page.evaluate(await readFile(AXE, 'utf8'))
  const violations = await page.evaluate(async () => {
    const { axe: run } = window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }
    return (await run.run({ resultTypes: ['violations'] })).violations
  })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}

/** What can be touched and is smaller than this, in pixels of the page: for a finger in a glove. */
export async function smallTargets(page: Page, pixels: number): Promise<string[]> {
  return page.evaluate((least) => {
    const targets = [...document.querySelectorAll<HTMLElement>('button, a, select, textarea, input:not([type=file])')]
    const small = targets.filter((target) => {
      const { width, height } = target.getBoundingClientRect()
      return width > 0 && height > 0 && (width < least || height < least)
    })
    return small.map((target) => `${target.tagName} ${target.ariaLabel ?? target.innerText} ${target.clientWidth}×${target.clientHeight}`)
  }, pixels)
}
