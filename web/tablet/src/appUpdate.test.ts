import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ref, type Ref } from 'vue'

/** What the tabs of a browser share: one lock, shared or whole, and the worker that waits. */
class Browser {
  private holders: ('shared' | 'exclusive')[] = []
  readonly activated = vi.fn()

  async request(_name: string, { mode = 'exclusive' }: LockOptions, granted: (lock: Lock | null) => unknown): Promise<unknown> {
    // An exclusive one is only ever asked for where it is free.
    if (mode === 'exclusive' && this.holders.length > 0) return granted(null)
    this.holders.push(mode)
    const answer = await granted({ mode, name: _name })
    this.holders.splice(this.holders.indexOf(mode), 1)
    return answer
  }
}

interface Tab {
  calm: Ref<boolean>
  reload: ReturnType<typeof vi.fn>
  newOneInCharge: () => void
  update: typeof import('./appUpdate')
}

let browser: Browser
beforeEach(() => (browser = new Browser()))

/** A tab that finds a new version waiting. */
async function open(isCalm: boolean): Promise<Tab> {
  vi.resetModules()
  const update = await import('./appUpdate')
  const [calm, reload] = [ref(isCalm), vi.fn()]
  const registration = Object.assign(new EventTarget(), { waiting: { postMessage: browser.activated }, update: vi.fn() })
  const container = Object.assign(new EventTarget(), { controller: {}, register: async () => registration })
  await update.followUpdates(container as unknown as ServiceWorkerContainer, browser as unknown as LockManager, calm, reload)
  await settled()
  return { calm, reload, update, newOneInCharge: () => container.dispatchEvent(new Event('controllerchange')) }
}
const settled = () => new Promise((done) => setTimeout(done))

describe('an update of the app', () => {
  it('is started where nothing is open', async () => {
    await open(true)
    expect(browser.activated).toHaveBeenCalledExactlyOnceWith('activate')
  })

  it('waits for what is open in another tab, says so, and that tab starts it', async () => {
    const busy = await open(false)
    const idle = await open(true)
    await idle.update.applyUpdate()
    expect(browser.activated).not.toHaveBeenCalled()
    expect(idle.update.updateHeld.value).toBe(true)
    busy.calm.value = true
    await settled()
    expect(browser.activated).toHaveBeenCalledOnce()
  })

  it('waits for the last of several', async () => {
    const [one, other] = [await open(false), await open(false)]
    one.calm.value = true
    await settled()
    expect(browser.activated).not.toHaveBeenCalled()
    other.calm.value = true
    await settled()
    expect(browser.activated).toHaveBeenCalledOnce()
  })

  it('that took charge all the same reloads a tab in which something is open only afterwards', async () => {
    const [busy, idle] = [await open(false), await open(true)]
    for (const tab of [busy, idle]) tab.newOneInCharge()
    expect([busy.reload.mock.calls.length, idle.reload.mock.calls.length]).toEqual([0, 1])
    busy.calm.value = true
    expect(busy.reload).toHaveBeenCalledOnce()
  })
})
