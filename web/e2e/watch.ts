/**
 * What no page of ours may do, of the office or on a tablet: ask another host, run what its content policy forbids, or fail
 * in a script. It is written down as it happens; a story that expects none says so at its end.
 */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Messages of the browser about a lost network or an error status are the story's business. */
const EXPECTED = /Failed to load resource|net::ERR_|GPU stall due to ReadPixels|status of/

/** Adds to `faults` whatever goes wrong on a page that `url` serves. */
export function watch(page: Page, url: string, faults: string[]): void {
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) faults.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    const to = new URL(request.url())
    if (['http:', 'https:'].includes(to.protocol) && to.origin !== new URL(url).origin) {
      faults.push(`another host: ${request.url()}`)
    }
  })
}

/** A page that did nothing it must not do. */
export function expectClean({ faults }: { faults: readonly string[] }): void {
  expect(faults).toEqual([])
}
