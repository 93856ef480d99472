import { describe, expect, it } from 'vitest'
import { changesOf, sumOf, type Charge } from './sums'

function charge(id: string, amount: number | null, state: Charge['state'] = 'posted'): Charge {
  return {
    charge_id: id,
    measure: id,
    unit_id: 'unit',
    unit_name: '马村街道办事处',
    amount,
    state,
    clause: '',
    pack_hash: '',
    posted: amount ?? 0,
    zh: '',
    en: '',
  }
}

const CHARGES = [charge('a', 10_000_000), charge('b', 1_000_000), charge('gone', 5_000_000, 'void')]
const of = (kind: string, named: { charge_id: string; amount: number }[] = [], unit?: string) =>
  changesOf(kind, named, CHARGES, ({ measure }) => measure, unit)

describe('what a decision makes of the charges', () => {
  it('leaves out what was dropped before', () => {
    expect(of('dismiss').map(({ key }) => key)).toEqual(['a', 'b'])
  })

  it.each(['dismiss', 'appeal_reverse'])('is nothing after %s', (kind) => {
    expect(sumOf(of(kind))).toEqual({ before: 11_000_000, after: 0 })
  })

  it.each(['adjust', 'appeal_reduce', 'enter_amounts'])('is what %s names, and the others stay', (kind) => {
    expect(of(kind, [{ charge_id: 'a', amount: 0 }]).map(({ after }) => after)).toEqual([0, 1_000_000])
  })

  it('is not known where a pack or a level decides the amounts', () => {
    expect(sumOf(of('adjust'))).toEqual({ before: 11_000_000, after: undefined })
    expect(sumOf(of('accept_amendment'))).toEqual({ before: 11_000_000, after: undefined })
  })

  it('keeps the sum when an appeal is upheld', () => {
    expect(sumOf(of('appeal_uphold'))).toEqual({ before: 11_000_000, after: 11_000_000 })
  })

  it('moves every amount from one unit to the other, and the sum stays', () => {
    const changes = of('re_attribute', [], '冯营街道办事处')
    expect(changes.map(({ unit, before, after }) => [unit, before, after])).toEqual([
      ['马村街道办事处', 10_000_000, 0],
      ['马村街道办事处', 1_000_000, 0],
      ['冯营街道办事处', 0, 10_000_000],
      ['冯营街道办事处', 0, 1_000_000],
    ])
    expect(sumOf(changes)).toEqual({ before: 11_000_000, after: 11_000_000 })
  })

  it('counts an amount that is still to be entered as nothing', () => {
    expect(changesOf('dismiss', [], [charge('c', null, 'pending')], () => '')[0]?.before).toBe(0)
  })
})
