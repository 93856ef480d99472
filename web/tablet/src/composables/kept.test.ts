import { nextTick, ref } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Core, TargetDraft } from '@/core/client'
import { fakeCore } from '@/core/fake'
import { provideCore } from '@/stores/core'
import { useKept } from './kept'

const NOTHING: TargetDraft = { name: '', address: '', responsible_person: '', facts: {} }

let core: Core
beforeEach(() => {
  core = fakeCore({ phase: 'unlocked' })
  provideCore(core)
})

/** The form of a new target, opened with what was typed at once; what is kept was looked for. */
async function opened(subject = '', name = '') {
  const form = ref<TargetDraft>({ ...NOTHING, name, facts: {} })
  const kept = useKept<TargetDraft>({
    subject: () => subject,
    read: (name) => core.targetDraft(name),
    keep: (name, draft) => core.keepTargetDraft(name, draft),
    said: () => ({ ...form.value }),
    take: (draft) => (form.value = draft),
    isUntouched: () => form.value.name === '',
  })
  await nextTick()
  await nextTick()
  return { form, ...kept }
}

describe('a new target that is being filled in', () => {
  it('comes back with its facts, and says that it did', async () => {
    const first = await opened()
    expect(first.found.value).toBe(false)
    first.form.value.name = '望湖浴池锅炉'
    first.form.value.facts.boiler_tonnage = '4'
    await vi.waitFor(async () => expect((await core.targetDraft(''))?.facts).toEqual({ boiler_tonnage: '4' }))
    const again = await opened()
    await vi.waitFor(() => expect(again.found.value).toBe(true))
    expect(again.form.value).toMatchObject({ name: '望湖浴池锅炉', facts: { boiler_tonnage: '4' } })
  })

  it('is another one for each inspection that led to it', async () => {
    const first = await opened()
    first.form.value.name = '望湖浴池锅炉'
    await vi.waitFor(async () => expect(await core.targetDraft('')).not.toBeNull())
    expect((await opened('inspection 1')).form.value.name).toBe('')
  })

  it('does not overwrite what was typed before it was found', async () => {
    await core.keepTargetDraft('', { ...NOTHING, name: '旧' })
    const { form, found } = await opened('', '新')
    expect([form.value.name, found.value]).toEqual(['新', false])
  })
})
