/**
 * The field's side of the stories: inspectors with real device stores (the `device` program), who record with photos
 * and sync. Photos are pictures drawn for the purpose, so that screens and stamps have something to show.
 */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'

const run = promisify(execFile)

/** A register entry as a device has it. */
export interface Target {
  target_id: string
  kind: string
  name: string
  address: string
  point: { lon: number; lat: number }
  unit_id: string
}

/** Within some hundred metres. */
const NEAR_DEGREES = 0.005

/** What an inspector finds. */
export interface Finding {
  target: Target
  /** Questions that fail. */
  failed: readonly string[]
  /** Questions that are in order. */
  passed?: readonly string[]
  occurredAt: string
  notes?: string
  photos: readonly string[]
  /** How far from the target the device stood, in degrees of longitude. */
  offset?: number
}

export class Inspector {
  private constructor(
    readonly program: string,
    readonly data: string,
  ) {}

  static async enrol(program: string, data: string, server: string, code: string, name: string): Promise<Inspector> {
    await mkdir(data, { recursive: true })
    const inspector = new Inspector(program, data)
    await inspector.#device(['enrol', '--server', server, '--code', code, '--name', name])
    await inspector.sync()
    return inspector
  }

  async targets(kind: string): Promise<Target[]> {
    const all = JSON.parse(await this.#device(['targets', 'list'])) as Target[]
    return all.filter((target) => target.kind === kind)
  }

  async record(finding: Finding): Promise<void> {
    const { target, failed, passed = [], occurredAt, photos, offset = 0.0002 } = finding
    const point = { lon: target.point.lon + offset, lat: target.point.lat + 0.0001 }
    const file = join(this.data, 'visit.json')
    const visit = {
      target: target.target_id,
      occurred_at: occurredAt,
      fix: { point, accuracy_metres: 8, fixed_at: occurredAt, provider: 'gps', mock: 'no' },
      // Who stands far from the target looked at what is there.
      observed: Math.abs(offset) < NEAR_DEGREES ? target.point : point,
      place: target.address,
      answers: [
        ...failed.map((question) => ({ question, verdict: 'fail', note: '' })),
        ...passed.map((question) => ({ question, verdict: 'pass' })),
      ],
      notes: finding.notes ?? '',
      site_representative: { outcome: 'absent' },
      photos: photos.map((photo, n) => ({ file: photo, question: failed[n % failed.length], source: 'camera' })),
    }
    await writeFile(file, JSON.stringify(visit))
    await this.#device(['inspect', '--file', file])
  }

  async sync(): Promise<void> {
    await this.#device(['sync'])
  }

  async #device(given: readonly string[]): Promise<string> {
    const { stdout } = await run(this.program, [...given, '--data', this.data, '--json'], {
      maxBuffer: 64 * 1024 * 1024,
    })
    return stdout
  }
}

/** Draws a picture of a place as a JPEG: sky, ground, heaps; each seed another one. */
export async function drawPhoto(browser: Browser, file: string, seed: number, covered: boolean): Promise<string> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 960 } })
  const random = (n: number) => (Math.sin(seed * 91.7 + n * 47.3) + 1) / 2
  const heaps = Array.from({ length: 5 }, (_, n) => {
    const x = 80 + n * 240 + random(n) * 80
    const height = 160 + random(n + 9) * 180
    const colour = covered ? '#3f7d4a' : ['#b48a5a', '#a57b4c', '#c29a68'][n % 3]
    return `<path d="M${x - 190} 800 Q${x} ${800 - height * 1.7} ${x + 190} 800Z" fill="${colour}" stroke="#6b4d2c" stroke-width="3"/>`
  }).join('')
  const crane = `<path d="M${900 + random(3) * 200} 700V180h-320" stroke="#c9a227" stroke-width="14" fill="none"/>`
  const dust = covered
    ? ''
    : Array.from(
        { length: 60 },
        (_, n) =>
          `<circle cx="${random(n) * 1280}" cy="${430 + random(n + 61) * 300}" r="${14 + random(n + 5) * 40}" fill="#d9c3a0" opacity=".16"/>`,
      ).join('')
  await page.setContent(
    `<body style="margin:0"><svg xmlns="http://www.w3.org/2000/svg" width="1280" height="960">
     <linearGradient id="sky" x2="0" y2="1"><stop stop-color="#8fb6d9"/><stop offset="1" stop-color="#dfe7ea"/></linearGradient>
     <rect width="1280" height="960" fill="url(#sky)"/>
     <g fill="#9aa5ad">${[0, 1, 2, 3].map((n) => `<rect x="${n * 330 + random(n) * 90}" y="${330 + random(n + 2) * 120}" width="200" height="420"/>`).join('')}</g>
     ${crane}<rect y="760" width="1280" height="200" fill="#8c7355"/>${heaps}${dust}
     <text x="40" y="930" font-size="22" fill="#f5efe6" opacity=".6">${seed}</text></svg></body>`,
  )
  await page.screenshot({ path: file, type: 'jpeg', quality: 82 })
  await page.close()
  return file
}
