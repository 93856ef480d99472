import { describe, expect, it } from 'vitest'
import { fakeCore } from './fake'

describe('the core in memory', () => {
  it('takes a visit from the draft to the server', async () => {
    const core = fakeCore({ phase: 'unlocked' })
    const draft = await core.beginDraft({ answers: [], measurements: [], photos: [] })
    const visit = { ...draft.visit, answers: [{ question: 'hoarding', verdict: 'fail' as const, note: '', points: [] }] }
    await core.saveDraft(draft.inspection_id, visit)
    const recorded = await core.seal(draft.inspection_id)
    expect(recorded.evaluation.total).toBe(100_000)
    expect(await core.drafts()).toEqual([])
    await core.sync()
    expect((await core.inspections()).map((own) => own.state)).toEqual(['sent'])
  })

  it('tells nothing while nobody is unlocked', async () => {
    await expect(fakeCore().inspections()).rejects.toMatchObject({ code: 'locked' })
  })
})
