import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { CoreError, type Core, type PhotoEntry } from '@/core/client'
import { fakeCore } from '@/core/fake'
import { provideCore } from '@/stores/core'
import { fireReportOf, reportOfLead, unfinishedReports, useFireReport } from './fireReport'

const LEAD = '01890000-0000-7000-8000-00000000abcd'
const PHOTO: PhotoEntry = { sha256: 'a'.repeat(64), size: 9, taken_at: '2026-11-23T00:00:00Z', point: null, source: 'camera', question: null }

let core: Core
beforeEach(() => {
  setActivePinia(createPinia())
  core = fakeCore({ phase: 'unlocked' })
  provideCore(core)
})

/** One that was left after its first photo. */
async function interrupted(lead?: string): Promise<string> {
  const report = useFireReport({ id: undefined, lead })
  report.visit.value.photos.push(PHOTO)
  report.begin()
  await vi.waitFor(() => expect(report.draft.value).toBeTruthy())
  return report.draft.value?.inspection_id ?? ''
}

describe('a report of a fire that was interrupted', () => {
  it('is told apart from other drafts, also once its kind was chosen', async () => {
    const id = await interrupted()
    await core.beginDraft({ kind: 'straw_point', answers: [], measurements: [], photos: [] })
    expect((await unfinishedReports()).map(({ inspection_id }) => inspection_id)).toEqual([id])
    await core.saveDraft(id, { kind: 'straw_point', answers: [], measurements: [], photos: [PHOTO] })
    expect((await unfinishedReports()).map(({ inspection_id }) => inspection_id)).toEqual([id])
  })

  it('is known by having no kind where an older version began it', async () => {
    const visit = { answers: [], measurements: [], photos: [PHOTO] }
    expect(await fireReportOf(await core.beginDraft(visit))).toEqual({ lead: null })
    expect(await fireReportOf(await core.beginDraft({ ...visit, target: LEAD }))).toBeNull()
  })

  it('goes on with what was filled in and verifies its lead, once', async () => {
    const id = await interrupted(LEAD)
    const report = useFireReport({ id, lead: undefined })
    await report.opened
    expect(report.visit.value.photos).toEqual([PHOTO])
    const verify = vi.spyOn(core, 'verifyFirePoint')
    await report.reporting.run()
    expect(report.recorded.value?.inspection_id).toBe(id)
    expect(report.verified.value).toBe(true)
    expect(verify.mock.calls).toEqual([[LEAD, id, { text: '', photos: [PHOTO] }]])
    expect([await core.drafts(), await core.fireReport(id)]).toEqual([[], null])
  })

  it('leaves nothing when it is discarded', async () => {
    const id = await interrupted(LEAD)
    const report = useFireReport({ id, lead: undefined })
    await report.opened
    await report.discard()
    expect([await core.draft(id), await core.fireReport(id)]).toEqual([null, null])
  })
})

describe('a report of a fire', () => {
  it('is safe also where its lead is gone, and only the lead is tried again', async () => {
    const report = useFireReport({ id: await interrupted(LEAD), lead: undefined })
    await report.opened
    vi.spyOn(core, 'verifyFirePoint').mockRejectedValueOnce(new CoreError('fire_point_unknown'))
    const seal = vi.spyOn(core, 'seal')
    await report.reporting.run()
    expect(report.recorded.value).toBeDefined()
    expect([report.reporting.fault.value, report.verifying.fault.value?.code]).toEqual([undefined, 'fire_point_unknown'])
    await report.verifying.run()
    expect([report.verifying.fault.value, report.verified.value, seal.mock.calls.length]).toEqual([undefined, true, 1])
  })

  it('that another tab sealed is sealed, and its lead is verified here', async () => {
    const id = await interrupted(LEAD)
    const report = useFireReport({ id, lead: undefined })
    await report.opened
    await core.seal(id)
    const verify = vi.spyOn(core, 'verifyFirePoint')
    await report.reporting.run()
    expect([report.reporting.fault.value, report.recorded.value?.inspection_id]).toEqual([undefined, id])
    expect(verify).toHaveBeenCalledOnce()
  })

  it('is found again by its lead until it has verified it, also where the tablet went off right after it was sealed', async () => {
    const id = await interrupted(LEAD)
    expect(await reportOfLead(LEAD)).toBe(id)
    await core.seal(id)
    expect(await reportOfLead(LEAD)).toBe(id)
    const report = useFireReport({ id, lead: undefined })
    await report.opened
    expect([report.recorded.value?.inspection_id, report.verified.value]).toEqual([id, false])
    const verify = vi.spyOn(core, 'verifyFirePoint')
    await report.verifying.run()
    expect(verify.mock.calls).toEqual([[LEAD, id, { text: '', photos: [PHOTO] }]])
    expect(await reportOfLead(LEAD)).toBeUndefined()
  })

  it('that could not be sealed says why and stays a draft', async () => {
    const id = await interrupted()
    const report = useFireReport({ id, lead: undefined })
    await report.opened
    vi.spyOn(core, 'seal').mockRejectedValueOnce(new CoreError('storage_full'))
    await report.reporting.run()
    expect([report.reporting.fault.value?.code, report.recorded.value]).toEqual(['storage_full', undefined])
    await report.reporting.run()
    expect(report.recorded.value?.inspection_id).toBe(id)
  })
})
