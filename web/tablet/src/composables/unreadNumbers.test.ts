import { beforeEach, expect, it, vi } from 'vitest'
import type { Core } from '@/core/client'
import { fakeCore } from '@/core/fake'
import { provideCore } from '@/stores/core'
import { useUnreadNumbers } from './unreadNumbers'

let core: Core
beforeEach(() => {
  core = fakeCore({ phase: 'unlocked' })
  provideCore(core)
})

it('a text that is no number is there again when the draft is opened once more, until it is corrected', async () => {
  const first = useUnreadNumbers('one')
  await vi.waitFor(async () => {
    first.texts.value = { pm10: '1,200' }
    expect(await core.fieldDraft('numbers one')).not.toBeNull()
  })
  const again = useUnreadNumbers('one')
  await vi.waitFor(() => expect(again.texts.value).toEqual({ pm10: '1,200' }))
  again.texts.value = {}
  await vi.waitFor(async () => expect(await core.fieldDraft('numbers one')).toBeNull())
})

it('another draft has none of it', async () => {
  await core.keepFieldDraft('numbers one', { text: '{"pm10":"1,200"}', photos: [] })
  const other = useUnreadNumbers('other')
  const own = useUnreadNumbers('one')
  await vi.waitFor(() => expect(own.texts.value).toEqual({ pm10: '1,200' }))
  expect(other.texts.value).toEqual({})
})
