import { describe, expect, it } from 'vitest'
import type { LogLine, SyncState } from '@/core/client'
import { bytes, distance, metresBetween } from './measure'
import { refusedApart, syncTone, syncWord, unsent } from './sync'
import { ago, due } from './time'

describe('distances', () => {
  it.each([
    [0, '0 m'],
    [86.4, '86 m'],
    [999.4, '999 m'],
    [1_000, '1.0 km'],
    [1_249, '1.2 km'],
    [12_499, '12 km'],
  ])('of %d metres read %s', (metres, said) => expect(distance(metres)).toBe(said))

  it('that nobody knows say nothing', () => expect(distance(undefined)).toBe(''))

  it('of a hundredth of a degree of latitude are 1.1 km', () => {
    expect(distance(metresBetween({ lon: 113.3, lat: 35.2 }, { lon: 113.3, lat: 35.21 }))).toBe('1.1 km')
  })
})

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_234_567, '1.2 MB'],
    [52_000_000, '52 MB'],
  ])('of %d bytes read %s', (count, said) => expect(bytes(count)).toBe(said))
})

// 2026-11-22 23:30 in Shanghai.
const NOW = new Date('2026-11-22T15:30:00Z')

describe('deadlines', () => {
  it.each([
    [null, 'time.noDeadline', 'no'],
    ['2026-11-22T15:30:00Z', 'time.overdueToday', 'overdue'],
    ['2026-11-20T09:00:00Z', 'time.overdueDays', 'overdue'],
    ['2026-11-22T15:59:00Z', 'time.dueToday', 'soon'],
    // Half an hour later it is tomorrow in Shanghai, though not in London.
    ['2026-11-22T16:01:00Z', 'time.dueTomorrow', 'soon'],
    ['2026-11-25T09:00:00Z', 'time.dueDays', 'no'],
  ])('%s', (deadline, key, presses) => expect(due(deadline, NOW)).toMatchObject({ key, presses }))

  it('count days of the calendar', () => {
    expect(due('2026-11-24T16:00:00Z', NOW).values).toEqual({ n: 3 })
    expect(due('2026-11-21T15:59:00Z', NOW).values).toEqual({ n: 1 })
  })
})

describe('what was', () => {
  it.each([
    ['2026-11-22T15:29:30Z', 'time.now'],
    ['2026-11-22T15:00:00Z', 'time.minutesAgo'],
    ['2026-11-22T13:00:00Z', 'time.hoursAgo'],
    ['2026-11-20T13:00:00Z', 'time.at'],
    // The clock was set back since.
    ['2026-11-23T13:00:00Z', 'time.now'],
  ])('at %s', (at, key) => expect(ago(at, NOW).key).toBe(key))
})

describe('the sync', () => {
  const idle: SyncState = {
    running: false,
    doing: null,
    waiting: 0,
    held: 0,
    sent: 3,
    refused: 0,
    quarantined: 0,
    photos_waiting: 0,
    photos_unjudged: 0,
    photos_refused: 0,
    drafts: 0,
    register_as_of: '2026-11-22T10:00:00Z',
    last_success: '2026-11-22T10:00:00Z',
    last_report: null,
  }

  it.each([
    [{}, 'sent', 'good'],
    [{ last_success: null }, 'never', 'warn'],
    [{ photos_unjudged: 1 }, 'unjudged', 'quiet'],
    [{ photos_waiting: 1, photos_unjudged: 1 }, 'photosWaiting', 'warn'],
    [{ held: 1 }, 'waiting', 'warn'],
    [{ waiting: 2, photos_waiting: 1 }, 'waiting', 'warn'],
    [{ refused: 1 }, 'refused', 'bad'],
    [{ waiting: 2, refused: 1 }, 'refusedWaiting', 'bad'],
    [{ photos_waiting: 2, refused: 1 }, 'refusedWaiting', 'bad'],
    [{ quarantined: 1 }, 'refused', 'bad'],
    [{ photos_refused: 1 }, 'refused', 'bad'],
    [{ waiting: 2, running: true, doing: 'push' }, 'sending', 'quiet'],
    [{ photos_waiting: 1, running: true, doing: 'photos' }, 'sending', 'quiet'],
    // What runs sends nothing.
    [{ waiting: 2, running: true, doing: 'access' }, 'waiting', 'warn'],
    [{ running: true, doing: 'pull' }, 'sent', 'good'],
    [{ refused: 1, running: true, doing: 'pull' }, 'refused', 'bad'],
    [{ running: true, doing: 'push' }, 'sent', 'good'],
  ] as const)('%j is said to be %s', (some, word, tone) => {
    expect(syncWord({ ...idle, ...some })).toBe(word)
    expect(syncTone(word)).toBe(tone)
  })

  it('has a line of its own for what was refused and is no inspection', () => {
    const line = (kind: string, state: LogLine['state']) => ({ kind, state }) as LogLine
    const log = [
      line('register_target', 'refused'),
      line('register_target', 'sent'),
      line('submit_inspection', 'refused'),
      line('amend_inspection', 'refused'),
      line('verify_fire_point', 'refused'),
    ]
    expect(refusedApart(log).map(({ kind }) => kind)).toEqual(['register_target', 'verify_fire_point'])
  })

  it('counts records, and photos only where no record waits', () => {
    expect(unsent({ ...idle, waiting: 1, held: 2, photos_waiting: 5 })).toBe(3)
    expect(unsent({ ...idle, photos_waiting: 5 })).toBe(5)
  })
})
