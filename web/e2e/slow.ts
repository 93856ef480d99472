/**
 * A slow machine: every process of a browser is stopped for most of each few milliseconds, so that pages, workers and what
 * carries their files are slowed alike. (The developer tools' throttle slows pages alone, and the databases are a worker's.)
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { browserWith, family, signal } from './processes.mjs'

/** Slows the browser of a profile, `times` as slow; what it gives back ends that. */
export function slowDown(profile: string, times: number): () => Promise<void> {
  const browser = browserWith(profile)
  if (browser === undefined) throw new Error(`no browser has the profile ${profile}`)
  const slowing = spawn(process.execPath, [join(import.meta.dirname, 'stop-and-go.mjs'), String(browser), String(times)], { stdio: 'inherit' })
  return async () => {
    const ended = new Promise((done) => slowing.once('exit', done))
    slowing.kill('SIGKILL')
    await ended
    signal(family(browser), 'SIGCONT')
  }
}
