import { beforeEach, describe, expect, it, vi } from 'vitest'
import { CoreError, type Core } from '@/core/client'
import { fakeCore } from '@/core/fake'
import { provideCore } from '@/stores/core'
import { useDraft } from './draft'

const OTHER = '01890000-0000-7000-8000-eeeeeeeeeeee'

let core: Core
let id: string

beforeEach(async () => {
  core = fakeCore({ phase: 'unlocked' })
  provideCore(core)
  id = (await core.beginDraft({ kind: 'road', answers: [], measurements: [], photos: [] })).inspection_id
})

describe('a draft', () => {
  it('is not saved for having been read', async () => {
    const save = vi.spyOn(core, 'saveDraft')
    const draft = useDraft()
    await draft.open(id)
    expect(save).not.toHaveBeenCalled()
    expect(draft.state.value).toBe('saved')
  })

  it('is saved at every change, deep ones too', async () => {
    const draft = useDraft()
    await draft.open(id)
    draft.visit.value.place = '东门'
    await draft.saved()
    draft.visit.value.answers.push({ question: 'swept', verdict: 'fail', note: '', points: [] })
    await draft.saved()
    expect((await core.draft(id))?.visit).toMatchObject({ place: '东门', answers: [{ question: 'swept' }] })
  })

  it('is painted before it is saved, is not said to be saved until it is, and waits for no frame of a hidden page', async () => {
    const draft = useDraft()
    await draft.open(id)
    const save = vi.spyOn(core, 'saveDraft')
    const frames: FrameRequestCallback[] = []
    vi.stubGlobal('requestAnimationFrame', (frame: FrameRequestCallback) => frames.push(frame))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      draft.visit.value.place = '东门'
      await vi.advanceTimersByTimeAsync(10)
      expect([save.mock.calls.length, draft.state.value]).toEqual([0, 'saving'])
      frames.forEach((frame) => frame(0))
      await vi.advanceTimersByTimeAsync(1)
      expect([save.mock.calls.length, draft.state.value]).toEqual([1, 'saved'])
      draft.visit.value.place = '西门'
      await vi.advanceTimersByTimeAsync(100)
      expect([save.mock.calls.length, draft.state.value], 'no frame came').toEqual([2, 'saved'])
    } finally {
      vi.useRealTimers()
      vi.unstubAllGlobals()
    }
  })

  it('saves the newest state last, however fast somebody types', async () => {
    const saves: string[] = []
    const plain = core.saveDraft.bind(core)
    vi.spyOn(core, 'saveDraft').mockImplementation(async (draftId, visit) => {
      saves.push(visit.place ?? '')
      return plain(draftId, visit)
    })
    const draft = useDraft()
    await draft.open(id)
    for (const place of ['东', '东门', '东门口']) draft.visit.value.place = place
    await draft.saved()
    expect(saves.at(-1)).toBe('东门口')
    expect((await core.draft(id))?.visit.place).toBe('东门口')
  })

  it('says that a save failed, keeps what is on the screen, and tries again at the next change', async () => {
    const draft = useDraft()
    await draft.open(id)
    const save = vi.spyOn(core, 'saveDraft').mockRejectedValueOnce(new CoreError('storage_full'))
    draft.visit.value.place = '东门'
    await expect(draft.saved()).rejects.toMatchObject({ code: 'storage_full' })
    expect(draft.state.value).toBe('failed')
    expect(draft.visit.value.place).toBe('东门')
    draft.visit.value.notes = '补充'
    await vi.waitFor(() => expect(draft.state.value).toBe('saved'))
    expect(save).toHaveBeenCalledTimes(2)
    expect((await core.draft(id))?.visit).toMatchObject({ place: '东门', notes: '补充' })
  })

  it('is made once, however often it is begun, with what was filled in meanwhile', async () => {
    const kept: string[] = []
    const draft = useDraft(async (mine) => void kept.push(mine))
    draft.visit.value.place = '东门'
    draft.begin(OTHER)
    draft.begin(OTHER)
    draft.visit.value.kind = 'road'
    await draft.saved()
    expect(kept, 'what is kept beside it').toEqual([OTHER])
    expect(draft.draft.value?.inspection_id).toBe(OTHER)
    expect((await core.drafts()).map(({ inspection_id }) => inspection_id)).toEqual([id, OTHER])
    expect((await core.draft(OTHER))?.visit).toMatchObject({ place: '东门', kind: 'road' })
  })

  it('has nothing of the one before', () => {
    useDraft().visit.value.answers.push({ question: 'swept', verdict: 'fail', note: '', points: [] })
    expect(useDraft().visit.value.answers).toEqual([])
  })

  it('that could not be made is told so, and is made at the next change', async () => {
    const draft = useDraft()
    vi.spyOn(core, 'saveDraft').mockRejectedValueOnce(new CoreError('storage_full'))
    draft.begin(OTHER)
    await vi.waitFor(() => expect(draft.state.value).toBe('failed'))
    draft.visit.value.place = '东门'
    await draft.saved()
    expect((await core.draft(OTHER))?.visit.place).toBe('东门')
  })

  it('is left alone once it was sealed', async () => {
    const draft = useDraft()
    await draft.open(id)
    const save = vi.spyOn(core, 'saveDraft')
    draft.end()
    draft.visit.value.place = '东门'
    expect(save).not.toHaveBeenCalled()
  })

  it('that is not there is said to be so', async () => {
    const draft = useDraft()
    await draft.open('01890000-0000-7000-8000-ffffffffffff')
    expect(draft.draft.value).toBeNull()
  })
})
