import { beforeEach, describe, expect, it, vi } from 'vitest'

let isTrap: typeof import('./trap').isTrap
let CoreError: typeof import('@/core/client').CoreError
beforeEach(async () => {
  // As in a worker that was just started.
  vi.resetModules()
  ;({ isTrap } = await import('./trap'))
  ;({ CoreError } = await import('@/core/client'))
})

describe('a trap of the module', () => {
  it('is told from other failures', () => {
    expect(isTrap(new Error('not carried'))).toBe(false)
    expect(isTrap(new CoreError('locked'))).toBe(false)
    expect(isTrap(new WebAssembly.RuntimeError('unreachable'))).toBe(true)
  })

  it('makes one of all that the module throws afterwards, but of no refusal', () => {
    isTrap(new WebAssembly.RuntimeError('unreachable'))
    expect(isTrap(new Error('recursive use of an object detected'))).toBe(true)
    expect(isTrap(new CoreError('locked'))).toBe(false)
  })
})
