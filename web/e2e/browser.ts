/** Debian's chromium, as it runs headless here: without a download, without calls to anybody's hosts. */
import { chromium, type Browser } from 'playwright-core'

export const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.LANTIAN_CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS })
}

/** The office PC that screens are made for. */
export const OFFICE_PC = { width: 1366, height: 768 }

/** A tablet held upright. */
export const TABLET = { width: 768, height: 1024 }
