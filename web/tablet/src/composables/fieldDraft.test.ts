import { nextTick } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { CoreError, type Core, type PhotoEntry } from '@/core/client'
import { fakeCore } from '@/core/fake'
import { provideCore } from '@/stores/core'
import { useFieldDraft } from './fieldDraft'

const NAME = 'case 1 1 rectified'
const PHOTO: PhotoEntry = { sha256: 'a'.repeat(64), size: 1, taken_at: '2026-11-22T00:00:00Z', point: null, source: 'camera', question: null }

let core: Core
beforeEach(() => {
  core = fakeCore({ phase: 'unlocked' })
  provideCore(core)
})

/** Opened, and looked whether something is kept. */
async function opened(name = NAME) {
  const draft = useFieldDraft(() => name)
  await nextTick()
  await nextTick()
  return draft
}

describe('a field record that is being written', () => {
  it('comes back with text, verdict and photos', async () => {
    const written = await opened()
    written.text.value = '围挡已补齐'
    written.passed.value = false
    written.photos.value = [PHOTO]
    await vi.waitFor(async () => expect(await core.fieldDraft(NAME)).toEqual({ text: '围挡已补齐', passed: false, photos: [PHOTO] }))
    const again = await opened()
    await vi.waitFor(() => expect([again.text.value, again.passed.value, again.photos.value]).toEqual(['围挡已补齐', false, [PHOTO]]))
  })

  it('is none of another round', async () => {
    const written = await opened()
    written.text.value = '围挡已补齐'
    await vi.waitFor(async () => expect(await core.fieldDraft(NAME)).not.toBeNull())
    const next = await opened('case 1 2 rectified')
    expect(next.text.value).toBe('')
  })

  it('is gone once it is recorded, whatever was under way', async () => {
    const written = await opened()
    written.text.value = '围挡已补齐'
    await written.recorded()
    expect(await core.fieldDraft(NAME)).toBeNull()
    written.text.value = '再改'
    await nextTick()
    expect(await core.fieldDraft(NAME)).toBeNull()
  })

  it('says that it could not be kept, and is kept at the next change', async () => {
    const written = await opened()
    vi.spyOn(core, 'keepFieldDraft').mockRejectedValueOnce(new CoreError('storage_full'))
    written.text.value = '一'
    await vi.waitFor(() => expect(written.fault.value?.code).toBe('storage_full'))
    written.text.value = '一二'
    await vi.waitFor(async () => expect((await core.fieldDraft(NAME))?.text).toBe('一二'))
    expect(written.fault.value).toBeUndefined()
  })
})
