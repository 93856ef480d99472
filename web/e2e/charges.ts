/**
 * Charges for the stories of money: findings that the office enters for a day of one's choice, confirmed, so that each
 * story has cases and a month of its own.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import type { Browser } from 'playwright-core'
import { drawPhoto, type Target } from './field'
import { ask, type Desk, type ListedCase } from './office'

const UPLOADS = '/api/v1/photos/uploads'

/** A write as the signed-in person; the answer, whatever it is. */
export async function write<Answer>(desk: Desk, path: string, body: object): Promise<Answer> {
  const { csrf_token } = await ask<{ csrf_token: string }>(desk, '/api/v1/sessions/current')
  const answer = await desk.page.request.post(path, { data: body, headers: { 'x-csrf-token': csrf_token } })
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`)
  return (await answer.json()) as Answer
}

/** A photo on the server, by its hash. */
async function upload(desk: Desk, browser: Browser, seed: number): Promise<string> {
  const bytes = await readFile(await drawPhoto(browser, join(inject('folder'), `charge-${seed}.jpg`), seed, false))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const { csrf_token } = await ask<{ csrf_token: string }>(desk, '/api/v1/sessions/current')
  const answer = await desk.page.request.post(UPLOADS, {
    data: bytes,
    headers: {
      'x-csrf-token': csrf_token,
      'tus-resumable': '1.0.0',
      'upload-length': String(bytes.length),
      'upload-metadata': `sha256 ${Buffer.from(sha256).toString('base64')}`,
      'content-type': 'application/offset+octet-stream',
    },
  })
  const verdict = await desk.page.request.head(answer.headers().location ?? '', { headers: { 'tus-resumable': '1.0.0' } })
  if (verdict.headers()['lantian-photo'] !== 'verified') throw new Error(`the photo is ${verdict.headers()['lantian-photo']}`)
  return sha256
}

let entered = 0

/** Eateries of a street that have no case yet: a second one on the same target may be the first again. */
export async function freeTargets(desk: Desk, street: number): Promise<Target[]> {
  const grid = encodeURIComponent(`410804/00${street}`)
  const { targets } = await ask<{ targets: Target[] }>(desk, `/api/v1/targets?kind=catering_device&grid=${grid}&limit=200`)
  const { cases } = await ask<{ cases: { target_id: string }[] }>(desk, `/api/v1/cases?item=catering_fume&grid=${grid}&limit=200`)
  const taken = new Set(cases.map(({ target_id }) => target_id))
  // Inspectors begin with the first ones.
  return targets.filter(({ target_id }) => !taken.has(target_id)).reverse()
}

export interface Finding {
  /** An eatery. */
  target: Target
  occurredAt: string
  /** Where one stood to see it, if it is on record. */
  seenFrom?: Target['point']
  /** What the photo says of itself. */
  photo?: { taken_at: string; point: Target['point'] }
}

/** Cases of a finding that the office enters, with the hash of their photo. */
export async function enterFinding(desk: Desk, browser: Browser, finding: Finding): Promise<{ cases: ListedCase[]; sha256: string }> {
  entered += 1
  const { target, occurredAt, seenFrom, photo } = finding
  const sha256 = await upload(desk, browser, Date.now() % 100_000)
  const { cases } = await write<{ cases: ListedCase[] }>(desk, '/api/v1/findings', {
    request_id: randomUUID(),
    occurred_at: occurredAt,
    place: { at: 'target', target_id: target.target_id, ...(seenFrom && { point: seenFrom }) },
    answers: [{ question: 'purifier_running', verdict: 'fail', note: '' }],
    notes: '油烟净化器未开启',
    level: 'municipal',
    document: { issuer: '市环境污染防治攻坚办', number: `攻坚办〔${entered}〕号`, title: '问题交办单', date: occurredAt.slice(0, 10) },
    photos: [{ sha256, question: 'purifier_running', ...photo }],
  })
  return { cases, sha256 }
}

/** A decision on a case as it stands now. */
export async function decide(desk: Desk, case_id: string, decision: { kind: string; reason?: string; unit_id?: string }): Promise<void> {
  const { version } = await ask<ListedCase>(desk, `/api/v1/cases/${case_id}`)
  await write(desk, `/api/v1/cases/${case_id}/decisions`, { ...decision, expected_version: version, request_id: randomUUID() })
}

/** Confirmed cases of a unit's street, entered by a supervisor: each on a target of its own. */
export async function charge(
  desk: Desk,
  browser: Browser,
  { street, occurredAt, count }: { street: number; occurredAt: string; count: number },
): Promise<ListedCase[]> {
  const targets = (await freeTargets(desk, street)).slice(0, count)
  expect(targets.length, `free targets of street ${street}`).toBe(count)
  const charged: ListedCase[] = []
  for (const target of targets) {
    const { cases } = await enterFinding(desk, browser, { target, occurredAt })
    for (const { case_id } of cases) {
      await decide(desk, case_id, { kind: 'confirm' })
      charged.push(await ask<ListedCase>(desk, `/api/v1/cases/${case_id}`))
    }
  }
  return charged
}

/** A rectification ordered of a case's unit. */
export async function order(desk: Desk, case_id: string): Promise<void> {
  const { version } = await ask<ListedCase>(desk, `/api/v1/cases/${case_id}`)
  await write(desk, `/api/v1/cases/${case_id}/rectification/steps`, {
    step: { kind: 'order_rectification', requirement: '立即开启油烟净化器，清洗滤网并上传照片。', span: { working_days: 3 } },
    expected_version: version,
    request_id: randomUUID(),
  })
}

/** The month that lies so many before this one, in Asia/Shanghai. */
export function monthsAgo(months: number): string {
  const shanghai = new Date(Date.now() + 8 * 3_600_000)
  return new Date(Date.UTC(shanghai.getUTCFullYear(), shanghai.getUTCMonth() - months, 1)).toISOString().slice(0, 7)
}
