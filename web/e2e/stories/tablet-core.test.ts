/** The tablet's core in a real browser: durable before it says so, one owner, keys at rest, and nothing lost. */
import { join } from 'node:path'
import type { Page, Route } from 'playwright-core'
import type { ViteDevServer } from 'vite'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { partProxy, type PartProxy } from '../part-proxy'
import { Tablet, addressOf, serveTablet } from '../tablet'

const PASSWORD = 'lantian-demo'
const PIN = '246813'
/** Of inspectors whom no other story enrols. */
const CODES = ['DEM0C-0DE03', 'DEM0C-0DE04', 'DEM0C-0DE05', 'DEM0C-0DE06']
/** Of one who enrols where the network is slow. */
const SLOW_CODE = 'DEM0C-0DE07'
/** Bytes of a part of the register there. */
const PART_BYTES = 8 * 1024
/** Within which the server's verdict on a photo is heard. */
const VERDICT_MILLISECONDS = 30_000
/** Within which its first parts have come. */
const NETWORK_MILLISECONDS = 30_000
const SECRET = '此处扬尘只有网格员知道'

let vite: ViteDevServer
let tablets = 0
let tablet: Tablet

beforeAll(async () => {
  vite = await serveTablet(inject('url'))
})
afterAll(() => vite.close())

/** Enrols, signs in and syncs, so that the tablet knows its district. */
async function enrolled(page: Page, code: string): Promise<string> {
  const user = await page.evaluate(
    async ([code, password, pin]) => {
      const { user_id } = await window.core.enrol(code, '平板')
      await window.core.signIn(user_id, password)
      await window.core.setPin(pin)
      await window.core.sync()
      return user_id
    },
    [code, PASSWORD, PIN] as const,
  )
  return user
}

/** A draft of a failed construction site with notes, and where it is. */
function draft(page: Page, notes: string): Promise<string> {
  return page.evaluate(async (notes) => {
    const [target] = await window.core.search({ text: '', kind: 'construction_site' })
    if (target === undefined) throw new Error('no construction site')
    const fix = {
      point: target.point,
      accuracy_metres: 8,
      fixed_at: new Date().toISOString(),
      provider: 'browser',
      mock: 'unknown' as const,
    }
    const answers = [{ question: 'hoarding', verdict: 'fail' as const, note: '', points: [] }]
    const visit = { target: target.target_id, fix, notes, answers, measurements: [], photos: [] }
    return (await window.core.beginDraft(visit)).inspection_id
  }, notes)
}

/** Adds a photo of its own to a draft. */
async function photographed(page: Page, id: string): Promise<string> {
  return page.evaluate(async (id) => {
    const canvas = new OffscreenCanvas(640, 480)
    const context = canvas.getContext('2d')
    if (context === null) throw new Error('no canvas')
    for (let n = 0; n < 400; n += 1) {
      context.fillStyle = `rgb(${Math.random() * 255} ${Math.random() * 255} 90)`
      context.fillRect(Math.random() * 640, Math.random() * 480, 60, 40)
    }
    const bytes = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })
    const entry = await window.core.addPhoto({ bytes, source: 'camera', question: 'hoarding' })
    const found = await window.core.draft(id)
    if (found === null) throw new Error('no draft')
    await window.core.saveDraft(id, { ...found.visit, photos: [...found.visit.photos, entry] })
    return entry.sha256
  }, id)
}

const unlock = (page: Page, user: string, pin = PIN) =>
  page.evaluate(([user, pin]) => window.core.unlock(user, pin), [user, pin] as const)

/** The code with which a call fails. */
function failure(page: Page, call: (core: Window['core']) => Promise<unknown>): Promise<string> {
  return page.evaluate(
    `(${call.toString()})(window.core).then(() => 'none', (error) => error.code)`,
  ) as Promise<string>
}

describe('the core on one tablet', () => {
  let user: string
  let page: Page

  beforeAll(async () => {
    tablet = await Tablet.start(addressOf(vite), join(inject('folder'), `tablet-${(tablets += 1)}`))
    page = await tablet.tab()
    user = await enrolled(page, CODES[0]!)
  })
  afterAll(() => tablet.stop())
  beforeEach(async () => {
    page = tablet.context.pages().at(-1)!
    const state = await page.evaluate(() => window.core.device())
    if (state.phase === 'locked') await unlock(page, user)
  })

  it('knows its register after one sync, and finds in it by two characters', async () => {
    const found = await page.evaluate(async () => {
      const [any] = await window.core.search({ text: '' })
      return window.core.search({ text: any!.name.slice(0, 2) })
    })
    expect(found.length).toBeGreaterThan(0)
  })

  it('keeps drafts and sealed visits over a reload, and the server charges what the tablet showed', async () => {
    const id = await draft(page, SECRET)
    await photographed(page, id)
    const kept = await draft(page, '未完成')
    const recorded = await page.evaluate((id) => window.core.seal(id), id)
    expect(recorded.evaluation.total).toBeGreaterThan(0)
    await page.reload()
    await page.waitForFunction(() => 'core' in window)
    expect(await failure(page, (core) => core.inspections())).toBe('locked')
    await unlock(page, user)
    const drafts = await page.evaluate(() => window.core.drafts())
    expect(drafts.map((it) => it.inspection_id)).toEqual([kept])
    const own = await page.evaluate((id) => window.core.inspection(id), id)
    expect(own.recorded.evaluation.total).toBe(recorded.evaluation.total)
    await page.evaluate(() => window.core.sync())
    const state = await page.evaluate(() => window.core.syncState())
    expect(state).toMatchObject({ waiting: 0, photos_waiting: 0, refused: 0 })
    const [sent] = await page.evaluate(() => window.core.inspections())
    expect(sent).toMatchObject({ state: 'sent', photos: { waiting: 0, verified: 1 } })
    const charged = sent!.cases.flatMap((it) => it.charges).reduce((sum, it) => sum + (it.amount ?? 0), 0)
    expect(charged).toBe(recorded.evaluation.total)
    await page.evaluate((id) => window.core.discardDraft(id), kept)
  })

  it('is one core in two tabs, and the second goes on when the first is closed', async () => {
    const second = await tablet.tab()
    expect(await second.evaluate(() => window.core.device())).toMatchObject({ phase: 'unlocked', user_id: user })
    const id = await draft(second, '第二个标签页')
    expect((await page.evaluate(() => window.core.drafts())).map((it) => it.inspection_id)).toEqual([id])
    await page.close()
    await second.waitForFunction(async () => (await window.core.device()).leader)
    await unlock(second, user)
    expect((await second.evaluate(() => window.core.drafts())).map((it) => it.inspection_id)).toEqual([id])
    await second.evaluate((id) => window.core.discardDraft(id), id)
  })

  it('loses no acknowledged draft when its tab is killed while it saves', async () => {
    const victim = await tablet.tab()
    await page.close()
    await victim.waitForFunction(async () => (await window.core.device()).leader)
    await unlock(victim, user)
    const acknowledged: string[] = []
    await victim.exposeFunction('acknowledge', (id: string) => acknowledged.push(id))
    void victim
      .evaluate(async () => {
        for (;;) {
          const { inspection_id } = await window.core.beginDraft({ answers: [], measurements: [], photos: [] })
          await (window as unknown as { acknowledge(id: string): Promise<void> }).acknowledge(inspection_id)
        }
      })
      .catch(() => undefined)
    await expect.poll(() => acknowledged.length).toBeGreaterThan(20)
    const cdp = await tablet.context.newCDPSession(victim)
    void cdp.send('Page.crash').catch(() => undefined)
    await victim.waitForEvent('crash')
    const after = await tablet.tab()
    await after.waitForFunction(async () => (await window.core.device()).leader)
    await unlock(after, user)
    const kept = (await after.evaluate(() => window.core.drafts())).map((it) => it.inspection_id)
    expect(acknowledged.filter((id) => !kept.includes(id))).toEqual([])
    await after.evaluate((ids) => Promise.all(ids.map((id) => window.core.discardDraft(id))), kept)
    await victim.close()
  })

  it('opens with the password when the PIN is forgotten, and nothing is lost', async () => {
    const id = await draft(page, '忘记密码之前')
    await page.evaluate(() => window.core.lock())
    expect(await page.evaluate((user) => window.core.unlock(user, '999999').catch((error) => error.code), user)).toBe(
      'wrong_pin',
    )
    expect(
      await page.evaluate((user) => window.core.signIn(user, 'not the password').catch((error) => error.code), user),
    ).toBe('wrong_credentials')
    await page.evaluate(([user, password]) => window.core.signIn(user, password), [user, PASSWORD] as const)
    expect((await page.evaluate(() => window.core.drafts())).map((it) => it.inspection_id)).toEqual([id])
    await page.evaluate(() => window.core.setPin('975310'))
    await page.evaluate(() => window.core.lock())
    expect(await page.evaluate((user) => window.core.unlock(user, '246813').catch((error) => error.code), user)).toBe(
      'wrong_pin',
    )
    await unlock(page, user, '975310')
    await page.evaluate(([pin, id]) => window.core.setPin(pin).then(() => window.core.discardDraft(id)), [PIN, id] as const)
  })

  it('refuses what is no picture, and gives back an original as it was', async () => {
    const refused = await failure(page, (core) =>
      core.addPhoto({ bytes: new Blob(['<html>']), source: 'gallery' }),
    )
    expect(refused).toBe('photo_not_an_image')
    const same = await page.evaluate(async () => {
      const bytes = new Uint8Array(600_000).map((_, place) => (place < 3 ? [0xff, 0xd8, 0xff][place]! : place % 251))
      const { sha256 } = await window.core.addPhoto({ bytes: new Blob([bytes]), source: 'camera' })
      const back = new Uint8Array(await (await window.core.photo(sha256))!.arrayBuffer())
      return back.length === bytes.length && back.every((byte, place) => byte === bytes[place])
    })
    expect(same).toBe(true)
  })

  it('lets an original go when a backup of the server has it and nobody is writing about it, and not before', async () => {
    const id = await draft(page, '将来会备份')
    const sha256 = await photographed(page, id)
    await page.evaluate((id) => window.core.seal(id), id)
    const judged = () => page.evaluate(async () => (await window.core.sync(), (await window.core.inspections())[0]?.photos.verified))
    await expect.poll(judged).toBe(1)
    await page.evaluate(() => window.core.lock())
    await unlock(page, user)
    const isHere = () => page.evaluate(async (sha256) => (await window.core.photo(sha256)) !== null, sha256)
    const free = () => page.evaluate(() => window.core.freeOriginals())
    expect(await free()).toMatchObject({ may_go: { photos: 0, bytes: 0 }, freed: { photos: 0, bytes: 0 } })
    expect(await isHere()).toBe(true)

    // A round that was already on its way has not heard of the backup, so the screen asks until one has. What other stories
    // of this tablet had sent may go then, too.
    await page.context().route('**/api/v1/sync/pull*', backedUp)
    const mayGo = () => page.evaluate(async () => (await window.core.originals()).may_go.photos)
    await expect.poll(async () => (await page.evaluate(() => window.core.sync()), await mayGo())).toBeGreaterThan(0)
    const correction = await page.evaluate((id) => window.core.beginDraft({ answers: [], measurements: [], photos: [] }, id), id)
    await free()
    expect(await isHere()).toBe(true)
    await page.evaluate((id) => window.core.discardDraft(id), correction.inspection_id)
    const before = await page.evaluate(() => window.core.originals())
    expect(before.may_go.photos).toBeGreaterThan(0)
    const after = await free()
    expect(await isHere()).toBe(false)
    expect(after.photos).toBeLessThan(before.photos)
    expect(after.freed.bytes - before.freed.bytes).toBeGreaterThanOrEqual(before.may_go.bytes)
    const [own] = await page.evaluate(() => window.core.inspections())
    expect(own).toMatchObject({ inspection_id: id, photos: { waiting: 0, verified: 1 } })
    await page.context().unroute('**/api/v1/sync/pull*')
  })

  it('hears by itself what the server found of a photo, and lets it go by itself when the storage fills', async () => {
    const id = await draft(page, '存储满了')
    const sha256 = await photographed(page, id)
    await page.evaluate(() => window.core.lock())
    await unlock(page, user)
    await page.evaluate((id) => window.core.seal(id), id)
    // Nobody asks for a round, and the regular one is a minute away.
    const verified = () => page.evaluate(async (id) => (await window.core.inspections()).find((own) => own.inspection_id === id)?.photos.verified, id)
    await expect.poll(verified, { timeout: VERDICT_MILLISECONDS }).toBe(1)
    const isHere = () => page.evaluate(async (sha256) => (await window.core.photo(sha256)) !== null, sha256)
    await page.context().route('**/api/v1/sync/pull*', backedUp)
    await page.evaluate(() => window.core.sync())
    await page.context().unroute('**/api/v1/sync/pull*')
    expect(await isHere(), 'there is room').toBe(true)
    await Promise.all(page.workers().map((worker) => worker.evaluate(() => (navigator.storage.estimate = () => Promise.resolve({ usage: 2, quota: 1 })))))
    await page.evaluate(() => window.core.sync())
    expect(await isHere()).toBe(false)
  })

  it('sweeps away an original that was taken away again before anything was sealed, and none that anything names', async () => {
    const id = await draft(page, '多拍了一张')
    const [kept, removed, written] = [await photographed(page, id), await photographed(page, id), await photographed(page, id)]
    await page.evaluate(
      async ([id, kept, written]) => {
        const found = await window.core.draft(id)
        if (found === null) throw new Error('no draft')
        const { photos } = found.visit
        await window.core.keepFieldDraft('order', { text: '', photos: photos.filter(({ sha256 }) => sha256 === written) })
        await window.core.saveDraft(id, { ...found.visit, photos: photos.filter(({ sha256 }) => sha256 === kept) })
      },
      [id, kept, written] as const,
    )
    const here = () => page.evaluate((all) => Promise.all(all.map(async (one) => (await window.core.photo(one)) !== null)), [kept, removed, written])
    await page.evaluate(() => window.core.sync())
    expect(await here(), 'a screen may be about to name it').toEqual([true, true, true])
    await page.evaluate(() => window.core.lock())
    await unlock(page, user)
    await page.evaluate(() => window.core.sync())
    expect(await here()).toEqual([true, false, true])
    await page.evaluate((id) => window.core.discardDraft(id).then(() => window.core.keepFieldDraft('order', null)), id)
  })
})

/** Passes a pull on as of a server that was backed up an hour from now. */
async function backedUp(route: Route): Promise<void> {
  const page = (await (await route.fetch()).json()) as object
  await route.fulfill({ json: { ...page, backed_up_through: new Date(Date.now() + 3_600_000).toISOString() } })
}

describe('two inspectors on one tablet', () => {
  it('never see or send each other’s work, and everybody sees how much waits', async () => {
    const shared = await Tablet.start(addressOf(vite), join(inject('folder'), `tablet-${(tablets += 1)}`))
    try {
      const page = await shared.tab()
      const first = await enrolled(page, CODES[1]!)
      await shared.context.setOffline(true)
      const id = await draft(page, SECRET)
      await page.evaluate((id) => window.core.seal(id), id)
      await page.evaluate(() => window.core.lock())
      await shared.context.setOffline(false)
      const second = await enrolled(page, CODES[2]!)
      expect(await page.evaluate(() => window.core.inspections())).toEqual([])
      expect(await page.evaluate((id) => window.core.inspection(id).catch((error) => error.code), id)).toBe(
        'inspection_unknown',
      )
      const { users } = await page.evaluate(() => window.core.device())
      expect(users.map((it) => [it.user_id, it.waiting])).toEqual(
        expect.arrayContaining([
          [first, 1],
          [second, 0],
        ]),
      )
      // What the other tries as a PIN does not open it.
      await page.evaluate(() => window.core.lock())
      expect(await page.evaluate((user) => window.core.unlock(user, '111222').catch((error) => error.code), first)).toBe(
        'wrong_pin',
      )
      await unlock(page, first)
      expect((await page.evaluate(() => window.core.inspections())).map((it) => it.inspection_id)).toEqual([id])
    } finally {
      await shared.stop()
    }
  })
})

describe('a tablet that is taken away', () => {
  it('has no plain text of what was recorded on its disk', async () => {
    const lost = await Tablet.start(addressOf(vite), join(inject('folder'), `tablet-${(tablets += 1)}`))
    const page = await lost.tab()
    await enrolled(page, CODES[3]!)
    const id = await draft(page, SECRET)
    await photographed(page, id)
    await page.evaluate((id) => window.core.seal(id), id)
    const [target] = await page.evaluate(() => window.core.search({ text: '' }))
    await lost.stop()
    expect(await lost.filesWith(SECRET)).toEqual([])
    expect(await lost.filesWith(target!.name)).toEqual([])
    // The files are there, or this says nothing.
    expect(await lost.filesWith('LTP1')).not.toEqual([])
    const ours = (await lost.filesWith('SQLite format 3')).filter((name) => name.startsWith('Default/File System'))
    expect(ours).toEqual([])
  })
})

describe('a register that comes as one file over a bad network', () => {
  let slow: ViteDevServer
  let network: PartProxy
  let tablet: Tablet

  beforeAll(async () => {
    network = await partProxy(inject('url'), PART_BYTES)
    slow = await serveTablet(network.url)
    tablet = await Tablet.start(addressOf(slow), join(inject('folder'), `tablet-${(tablets += 1)}`))
  })
  afterAll(async () => {
    await tablet.stop()
    await slow.close()
    network.close()
  })

  it('goes on where it stopped after a reload, and touches no work', async () => {
    let page = await tablet.tab()
    // Signing in begins the first round.
    network.breakAfter(3)
    const user = await page.evaluate(
      async ([code, password, pin]) => {
        const { user_id } = await window.core.enrol(code, '平板')
        await window.core.signIn(user_id, password)
        await window.core.setPin(pin)
        return user_id
      },
      [SLOW_CODE, PASSWORD, PIN] as const,
    )
    const kept = await page.evaluate(async () => {
      const { inspection_id } = await window.core.beginDraft({ answers: [], measurements: [], photos: [] })
      return inspection_id
    })
    await expect
      .poll(() => network.parts(), { timeout: NETWORK_MILLISECONDS })
      .toEqual([0, 1, 2, 3].map((part) => part * PART_BYTES))
    const before = await page.evaluate(() => window.core.syncState())
    expect(before.register_as_of).toBeNull()

    await page.reload()
    await page.waitForFunction(() => 'core' in window)
    network.mend()
    await unlock(page, user)
    const whole = await page.evaluate(() => window.core.sync())
    expect(whole.last_report).toMatchObject({ stopped: false, failures: [], snapshots: 1 })
    // The fourth part was cut off; nothing before it came again.
    const after = network.parts().slice(4)
    expect(after.length).toBeGreaterThan(1)
    expect(after).toEqual(after.map((_, place) => (3 + place) * PART_BYTES))

    page = await tablet.tab()
    const found = await page.evaluate(async () => {
      const [any] = await window.core.search({ text: '' })
      return window.core.search({ text: any!.name.slice(0, 2) })
    })
    expect(found.length).toBeGreaterThan(0)
    expect((await page.evaluate(() => window.core.drafts())).map((it) => it.inspection_id)).toEqual([kept])
  })

  it('is asked for once', async () => {
    const page = await tablet.tab()
    const parts = network.parts().length
    const again = await page.evaluate(() => window.core.sync())
    expect(again.last_report).toMatchObject({ stopped: false, snapshots: 0 })
    expect(network.parts()).toHaveLength(parts)
  })

  it('is set aside where its file is damaged, comes anew, and the work stays', async () => {
    for (const page of tablet.context.pages().slice(1)) await page.close()
    const page = tablet.context.pages()[0]!
    const { user_id: user } = await (await tablet.tab()).evaluate(() => window.core.device()).then(({ users }) => users[0]!)
    await tablet.context.pages().at(-1)!.close()
    // A page of the same origin on which no core runs.
    await page.route('**/nothing', (route) => route.fulfill({ contentType: 'text/html', body: '' }))
    await page.goto(`${addressOf(slow)}/nothing`)
    await page.evaluate(async () => {
      const databases = await (await navigator.storage.getDirectory()).getDirectoryHandle('lantian-databases')
      const slots = await databases.getDirectoryHandle('.opaque')
      let [largest, most] = [null as FileSystemFileHandle | null, 0]
      for await (const slot of (slots as unknown as { values(): AsyncIterable<FileSystemFileHandle> }).values()) {
        const { size } = await slot.getFile()
        if (size > most) [largest, most] = [slot, size]
      }
      const file = await largest!.createWritable({ keepExistingData: true })
      const from = Math.floor(most / 2)
      await file.write({ type: 'write', position: from, data: new Uint8Array(most - from).fill(0xa5) })
      await file.close()
    })
    const again = await tablet.tab()
    await again.waitForFunction(async () => (await window.core.device()).leader)
    const parts = network.parts().length
    await tablet.context.setOffline(true)
    await unlock(again, user)
    expect(await again.evaluate(() => window.core.mapTargets([-180, -90, 180, 90], 100_000))).toEqual([])
    const { set_aside } = await again.evaluate(() => window.core.device())
    expect(set_aside).toEqual([expect.stringMatching(/master-\d+\.db\.damaged-/)])
    expect(await again.evaluate(() => window.core.drafts())).toHaveLength(1)
    await tablet.context.setOffline(false)
    await again.evaluate(() => window.core.sync())
    expect(network.parts()[parts]).toBe(0)
    expect((await again.evaluate(() => window.core.search({ text: '' }))).length).toBeGreaterThan(0)
  })

  it('was plain nowhere on the disk', async () => {
    const page = await tablet.tab()
    const [any] = await page.evaluate(() => window.core.search({ text: '' }))
    await tablet.stop()
    expect(await tablet.filesWith(any!.name)).toEqual([])
  })
})
