import { describe, expect, it } from 'vitest'
import { confirmBlocked, confirmable, needsTwo, offers, settleable, type CaseDetail, type CaseSummary } from './case'

/** A case under review with one charge, changed as a test says. */
function found(changes: Partial<CaseDetail>): CaseDetail {
  return {
    review_state: 'under_review',
    flags: [],
    amount_missing: false,
    posted: 0,
    charges: [{ state: 'pending', amount: 1_000_000 }],
    amendment: null,
    appeals: [],
    proposal: null,
    ...changes,
  } as unknown as CaseDetail
}

describe('what a case page offers', () => {
  it('is to confirm, return and dismiss a case under review, and not to adjust it', () => {
    const kinds = (['confirm', 'return', 'dismiss', 'adjust'] as const).filter((kind) => offers(found({}), kind))
    expect(kinds).toEqual(['confirm', 'return', 'dismiss'])
  })

  it('is nothing while a proposal awaits its second person', () => {
    const waiting = found({ proposal: { state: 'open' } as CaseDetail['proposal'] })
    expect(offers(waiting, 'confirm')).toBe(false)
    expect(confirmBlocked(waiting)).toBe('proposal')
  })

  it('leaves duplicates to merging and keeping apart', () => {
    const doubted = found({ flags: ['fix_suspect', 'duplicate_proposed'] })
    expect(settleable(doubted)).toEqual(['fix_suspect'])
    expect(confirmBlocked(doubted)).toBe('duplicate')
  })

  it('is to enter an amount only where one is missing', () => {
    expect(offers(found({}), 'enter_amounts')).toBe(false)
    const missing = found({ amount_missing: true, charges: [{ state: 'pending', amount: null }] as CaseDetail['charges'] })
    expect(offers(missing, 'enter_amounts')).toBe(true)
    expect(confirmBlocked(missing)).toBe('amount')
  })

  it('moves no money while an appeal is open', () => {
    const posted = { review_state: 'confirmed' as const, charges: [{ state: 'posted' }] as CaseDetail['charges'] }
    const appealed = { ...posted, appeals: [{ state: 'open' }] as CaseDetail['appeals'] }
    const answered = { ...posted, appeals: [{ state: 'decided' }] as CaseDetail['appeals'] }
    expect(offers(found(appealed), 'adjust')).toBe(false)
    expect(offers(found(answered), 'adjust')).toBe(true)
  })

  it('needs two people to dismiss what is posted', () => {
    expect(needsTwo(found({}), 'dismiss')).toBe(false)
    expect(needsTwo(found({ review_state: 'confirmed', posted: 1 }), 'dismiss')).toBe(true)
  })
})

describe('confirming many at once', () => {
  const row = { review_state: 'under_review', flags: [], amount_missing: false } as unknown as CaseSummary
  it.each([
    ['a clean case', {}, true],
    ['one with a doubt', { flags: ['fix_suspect'] }, false],
    ['one without its amount', { amount_missing: true }, false],
    ['one that awaits evidence', { review_state: 'awaiting_evidence' }, false],
  ])('takes %s: %s', (_name, changes, taken) => {
    expect(confirmable({ ...row, ...changes } as CaseSummary)).toBe(taken)
  })
})
