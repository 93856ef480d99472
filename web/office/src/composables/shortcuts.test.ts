import { afterEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { pressed, shortcuts, useShortcuts } from './shortcuts'

const press = (key: string) => pressed(new KeyboardEvent('keydown', { key }))

afterEach(() => (shortcuts.groups = []))

describe('shortcuts', () => {
  it('of a screen that was left do nothing any more', () => {
    const run = vi.fn()
    const screen = effectScope()
    screen.run(() => useShortcuts([{ key: 'u', does: '', run }]))
    press('u')
    screen.stop()
    press('u')
    expect(run).toHaveBeenCalledTimes(1)
    expect(shortcuts.groups).toEqual([])
  })

  it('that give way do only what nothing else does, whichever came first', () => {
    const screen = vi.fn()
    const table = vi.fn()
    effectScope().run(() => {
      useShortcuts([{ key: 'j', does: '', run: screen, when: () => screen.mock.calls.length === 0 }])
      useShortcuts([{ key: 'j', does: '', run: table }], true)
    })
    press('j')
    expect([screen.mock.calls.length, table.mock.calls.length]).toEqual([1, 0])
    press('j')
    expect([screen.mock.calls.length, table.mock.calls.length]).toEqual([1, 1])
  })
})
