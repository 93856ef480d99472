/**
 * Photos sent by an independent client: tus-js-client, which knows nothing of this product, through a network that cuts
 * connections at random offsets. Whatever is cut, the photo arrives whole, once.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { appendFile, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 as zlibCrc32, deflateSync } from 'node:zlib'
import { Upload } from 'tus-js-client'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { cuttingProxy, type CuttingProxy } from '../cutting-proxy'
import { startDistrict, type District } from '../district'
import { PASSWORD } from '../office'

/** Repeats a run; printed with it. */
const SEED = Number(process.env.UPLOAD_SEED ?? 20261122)
/** Photos that are sent. */
const PHOTOS = Number(process.env.UPLOAD_PHOTOS ?? 12)
const CHUNK_BYTES = 64 * 1024
/** More tries than any photo needs, at once: a try that got further counts anew. */
const RETRIES: number[] = Array.from({ length: 200 }, () => 1)
/** A minute of tries: as long as a server may take to start again. */
const PATIENT_RETRIES: number[] = Array.from({ length: 600 }, () => 100)

let district: District
let proxy: CuttingProxy
let headers: Record<string, string>

async function signIn(url: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'supervisor1', password: PASSWORD }),
  })
  expect(answer.status).toBe(201)
  const { csrf_token } = (await answer.json()) as { csrf_token: string }
  const cookie = answer.headers.getSetCookie().map((set) => set.split(';')[0]).join('; ')
  headers = { cookie, 'x-csrf-token': csrf_token }
}

beforeAll(async () => {
  district = await startDistrict(inject('programs'))
  await signIn(district.url)
  proxy = await cuttingProxy(district.url, SEED)
})
afterAll(async () => {
  proxy.close()
  await district.stop()
})

/** A PNG of noise: as many bytes as it has pixels, and then some. */
function noise(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const framed = Buffer.alloc(body.length + 8)
    framed.writeUInt32BE(data.length, 0)
    body.copy(framed, 4)
    framed.writeUInt32BE(zlibCrc32(body), body.length + 4)
    return framed
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 0, 0, 0, 0], 8)
  const rows = Array.from({ length: height }, () => Buffer.concat([Buffer.from([0]), randomBytes(width)]))
  const mark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const pixels = deflateSync(Buffer.concat(rows), { level: 0 })
  return Buffer.concat([mark, chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

interface Sent {
  /** The upload's address at the server. */
  url: string
  /** Offsets that the server acknowledged, as the client heard of them. */
  acknowledged: number[]
}

/** Sends a photo; `on` hears of every acknowledgement. */
function send(photo: Buffer, on: (accepted: number) => void = () => undefined, retryDelays = RETRIES): Promise<Sent> {
  const acknowledged: number[] = []
  return new Promise((done, fail) => {
    const upload = new Upload(photo, {
      endpoint: `${proxy.url}/api/v1/photos/uploads`,
      headers,
      metadata: { sha256: digest(photo) },
      chunkSize: CHUNK_BYTES,
      retryDelays,
      // A connection each, as behind a proxy that lost the others.
      onBeforeRequest: (request) => request.setHeader('connection', 'close'),
      onShouldRetry: () => true,
      onChunkComplete: (_size, accepted) => {
        acknowledged.push(accepted)
        on(accepted)
      },
      onError: fail,
      onSuccess: () => done({ url: new URL(upload.url ?? '').pathname, acknowledged }),
    })
    upload.start()
  })
}

/** The verdict, asked for where nothing is cut. */
async function verdict(server: string, upload: string): Promise<string | null> {
  const asked = await fetch(`${server}${upload}`, { method: 'HEAD', headers: { ...headers, 'tus-resumable': '1.0.0' } })
  return asked.headers.get('lantian-photo')
}

/** What the photo store has of these bytes. */
async function kept(photo: Buffer): Promise<Buffer[]> {
  const found = await readdir(join(district.folder, 'data'), { recursive: true })
  const files = found.filter((file) => file.includes('originals') && file.includes(digest(photo)))
  return Promise.all(files.map((file) => readFile(join(district.folder, 'data', file))))
}

async function expectOnce(photo: Buffer): Promise<void> {
  const originals = await kept(photo)
  expect(originals.length).toBe(1)
  expect(originals[0]?.equals(photo)).toBe(true)
}

it(`photos whose uploads are cut anywhere arrive whole and once (seed ${SEED})`, async () => {
  for (let n = 0; n < PHOTOS; n += 1) {
    const photo = noise(300 + 41 * n, 700)
    const { url, acknowledged } = await send(photo)
    expect(acknowledged).toEqual([...acknowledged].sort((one, other) => one - other))
    expect(await verdict(district.url, url)).toBe('verified')
    await expectOnce(photo)
  }
  console.log(`seed ${SEED}: ${PHOTOS} photos, ${proxy.cuts()} connections cut`)
  expect(proxy.cuts()).toBeGreaterThan(PHOTOS)
}, 600_000)

it('an upload goes on after the server was killed, also where the file has more than was acknowledged', async () => {
  const photo = noise(1000, 900)
  let killed: Promise<void> | undefined
  const killAtHalf = (accepted: number) => {
    if (killed !== undefined || accepted < photo.length / 2) return
    killed = (async () => {
      const started = district.killAndStart()
      const parts = join(district.folder, 'data/photos/uploads')
      // As if it had been killed between file and row.
      for (const part of await readdir(parts)) await appendFile(join(parts, part), randomBytes(10_000))
      district.url = await started
      proxy.leadTo(district.url)
    })()
  }
  const { url } = await send(photo, killAtHalf, PATIENT_RETRIES)
  await killed
  expect(await verdict(district.url, url)).toBe('verified')
  await expectOnce(photo)
}, 180_000)

it('an upload whose file the disk lost begins again by itself', async () => {
  const photo = noise(800, 900)
  let lost = false
  const loseOnce = (accepted: number) => {
    if (lost || accepted < photo.length / 2) return
    lost = true
    const parts = join(district.folder, 'data/photos/uploads')
    for (const part of readdirSync(parts)) rmSync(join(parts, part))
  }
  const { url } = await send(photo, loseOnce)
  expect(lost).toBe(true)
  expect(await verdict(district.url, url)).toBe('verified')
  await expectOnce(photo)
}, 180_000)
