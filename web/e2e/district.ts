/**
 * The district that the stories play in: the real server on a private PostgreSQL of its own, serving the built screens,
 * with the demonstration district and what its inspectors found. Started once for all stories, and removed after them.
 *
 * LANTIAN_PROGRAMS is the folder of the built programs; LANTIAN_E2E_URL names a district that runs already.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { launch } from './browser'
import { Inspector, drawPhoto } from './field'

declare module 'vitest' {
  export interface ProvidedContext {
    url: string
    programs: string
    folder: string
  }
}

const HERE = import.meta.dirname
const START_MILLISECONDS = 120_000

/** The address that the server prints when it serves. */
function address(server: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let said = ''
    const late = setTimeout(() => fail(new Error(`the server does not serve:\n${said}`)), START_MILLISECONDS)
    const listen = (chunk: Buffer) => {
      said += chunk.toString()
      const found = /address: (http:\S+)/.exec(said)?.[1]
      if (found === undefined) return
      clearTimeout(late)
      done(found)
    }
    server.stdout?.on('data', listen)
    server.stderr?.on('data', listen)
    server.once('exit', (code) => {
      clearTimeout(late)
      fail(new Error(`the server ended with ${code}:\n${said}`))
    })
  })
}

/** What two inspectors found: enough of every kind for each story to have cases of its own. */
export async function findings(url: string, programs: string, folder: string): Promise<void> {
  const browser = await launch()
  const failed: Record<string, readonly string[]> = {
    construction_site: ['hoarding', 'material_cover'],
    stockpile: ['wall_net_cover'],
    catering_device: ['purifier_running'],
    road: ['swept'],
  }
  const now = Date.now()
  let seed = 0
  for (const street of [1, 2]) {
    const data = join(folder, `device-${street}`)
    const inspector = await Inspector.enrol(
      join(programs, 'device'),
      data,
      url,
      `DEM0C-0DE0${street}`,
      `终端 ${street}`,
    )
    for (const [kind, questions] of Object.entries(failed)) {
      const [far, ...targets] = (await inspector.targets(kind)).slice(0, 5)
      for (const target of targets) {
        seed += 1
        const occurredAt = new Date(now - seed * 3_600_000).toISOString()
        const photos: string[] = []
        for (const question of questions) {
          photos.push(await drawPhoto(browser, join(data, `${seed}-${question}.jpg`), seed + 100 * photos.length, false))
        }
        await inspector.record({ target, failed: questions, occurredAt, photos, notes: '现场扬尘明显' })
        // The same again an hour later: a possible duplicate.
        if (kind === 'stockpile' && target === targets[0]) {
          const again = new Date(now - seed * 3_600_000 + 1_800_000).toISOString()
          const photo = await drawPhoto(browser, join(data, `${seed}-again.jpg`), seed + 500, false)
          await inspector.record({ target, failed: questions, occurredAt: again, photos: [photo] })
        }
      }
      // Recorded kilometres away: a doubt.
      if (kind === 'road' && far) {
        const photo = await drawPhoto(browser, join(data, `${seed}-far.jpg`), seed + 900, false)
        const occurredAt = new Date(now - 3_600_000).toISOString()
        await inspector.record({ target: far, failed: questions, occurredAt, photos: [photo], offset: 0.06 })
      }
    }
    await inspector.sync()
  }
  await drawPhoto(browser, join(folder, 'after.jpg'), 4_242, true)
  await browser.close()
}

export interface District {
  url: string
  folder: string
  /** Kills the server with its database as a power cut would, and starts it again on the same data; says where it is now. */
  killAndStart(): Promise<string>
  stop(): Promise<void>
}

/** Starts a server of its own with the demonstration district; `tablet` is the folder of the tablet's application. */
export async function startDistrict(programs: string, tablet = resolve(HERE, '../tablet/dist')): Promise<District> {
  const folder = await mkdtemp(join(tmpdir(), 'lantian-e2e-'))
  // The private PostgreSQL runs as another user, who must reach its folder.
  await chmod(folder, 0o755)
  const serve = () =>
    spawn(join(programs, 'server'), ['serve', '--demo'], {
      cwd: folder,
      env: {
        // What is meant for the stories is no configuration of the server, which refuses what it does not know.
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LANTIAN_'))),
        LANTIAN_LISTEN: '127.0.0.1:0',
        LANTIAN_DATA_DIR: join(folder, 'data'),
        LANTIAN_WEB_ROOT: resolve(HERE, '../office/dist'),
        LANTIAN_TABLET_ROOT: tablet,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  let server = serve()
  const url = await address(server)
  const end = async (signal: NodeJS.Signals) => {
    const ended = new Promise((done) => server.once('exit', done))
    server.kill(signal)
    await ended
  }
  return {
    url,
    folder,
    killAndStart: async () => {
      await end('SIGKILL')
      server = serve()
      return address(server)
    },
    stop: async () => {
      await end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const programs = resolve(process.env.LANTIAN_PROGRAMS ?? join(HERE, '../../target/debug'))
  project.provide('programs', programs)
  const running = process.env.LANTIAN_E2E_URL
  if (running !== undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'lantian-e2e-'))
    if (process.env.LANTIAN_E2E_SEEDED === undefined) await findings(running, programs, folder)
    project.provide('url', running)
    project.provide('folder', folder)
    return undefined
  }
  const district = await startDistrict(programs)
  await findings(district.url, programs, district.folder)
  project.provide('url', district.url)
  project.provide('folder', district.folder)
  return () => district.stop()
}
