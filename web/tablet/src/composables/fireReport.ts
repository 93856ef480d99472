/**
 * A quick report of a fire (快报) that is being made: an ordinary draft, with what it is for kept beside it, so that one that
 * was interrupted goes on as it was left. Sealing it and verifying its lead are two writes: once the first is done the report
 * is safe, whatever becomes of the second.
 */
import { uuid } from '@lantian/shared/ids'
import { shallowRef } from 'vue'
import { CoreError, type Draft, type FireReport, type Recorded } from '@/core/client'
import { asCoreError, core, useDoing } from '@/stores/core'
import { useSync } from '@/stores/sync'
import { useDraft } from './draft'

/** What a draft was begun for in the screen of fires; `null` where it was begun elsewhere. */
export async function fireReportOf({ inspection_id, visit, replaces }: Draft): Promise<FireReport | null> {
  if (visit.target !== undefined || replaces !== null) return null
  const kept = await core().fireReport(inspection_id)
  // No other screen begins a visit of no kind; older versions kept nothing beside it.
  return kept ?? (visit.kind === undefined ? { lead: null } : null)
}

/** Reports that were begun and not made. */
export async function unfinishedReports(): Promise<Draft[]> {
  const drafts = await core().drafts()
  const reports = await Promise.all(drafts.map(fireReportOf))
  return drafts.filter((_, at) => reports[at] !== null)
}

/** The report that was begun for a lead and has not verified it: a draft, or sealed just before the tablet went off. */
export async function reportOfLead(lead: string): Promise<string | undefined> {
  const [drafts, own] = await Promise.all([core().drafts(), core().inspections()])
  const spots = [...drafts.filter(({ visit }) => visit.target === undefined), ...own.filter(({ target }) => target === null)]
  const reports = await Promise.all(spots.map(({ inspection_id }) => core().fireReport(inspection_id)))
  return spots.find((_, at) => reports[at]?.lead === lead)?.inspection_id
}

/** `id` names a report to go on with; `lead` is what a new one verifies. */
export function useFireReport(given: { id: string | undefined; lead: string | undefined }) {
  const sync = useSync()
  const id = given.id ?? uuid()
  const lead = shallowRef(given.lead ?? null)
  const made = useDraft((draft) => core().keepFireReport(draft, { lead: lead.value }))
  const { draft, visit, fault } = made
  const recorded = shallowRef<Recorded>()
  const verified = shallowRef(false)

  async function open(): Promise<void> {
    try {
      lead.value = (await core().fireReport(id))?.lead ?? null
      await made.open(id)
      const own = draft.value === null ? await core().inspection(id).catch(() => undefined) : undefined
      if (own === undefined) return
      // Sealed already: only its lead may be left.
      visit.value = own.visit
      recorded.value = own.recorded
    } catch (thrown) {
      fault.value = asCoreError(thrown)
    }
  }
  const opened = given.id === undefined ? Promise.resolve() : open()

  /** Makes the draft of what is filled in so far; again does nothing. */
  function begin(): void {
    visit.value.occurred_at ??= new Date().toISOString()
    made.begin(id)
  }

  /** What was sealed before, by a try whose answer was lost or in another tab, is sealed. */
  async function seal(): Promise<Recorded> {
    try {
      return await core().seal(id)
    } catch (thrown) {
      const before = await core().inspection(id).catch(() => undefined)
      if (before === undefined) throw thrown
      return before.recorded
    }
  }

  const verifying = useDoing(async () => {
    if (lead.value !== null) {
      const { notes, photos, fix } = visit.value
      await core().verifyFirePoint(lead.value, id, { text: notes ?? '', photos, ...(fix ? { fix } : {}) })
    }
    verified.value = true
    await core().keepFireReport(id, null)
  })
  const reporting = useDoing(async () => {
    await made.saved()
    const { faults } = await core().evaluate(visit.value)
    if (faults.length > 0) throw new CoreError('refused', faults)
    const sealed = await seal()
    void made.end()
    recorded.value = sealed
    await verifying.run()
    void sync.round()
  })

  async function discard(): Promise<void> {
    await made.end()
    await core().discardDraft(id)
    await core().keepFireReport(id, null)
  }

  return { draft, visit, fault, lead, recorded, verified, opened, begin, reporting, verifying, discard }
}
