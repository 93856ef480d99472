import { describe, expect, it } from 'vitest'
import { boxOf, parsePolygon } from './outline'

const RING = [
  [113.2, 35.2],
  [113.4, 35.2],
  [113.4, 35.3],
  [113.2, 35.2],
]

describe('an outline that was pasted', () => {
  it.each([
    ['coordinates', [RING]],
    ['a polygon', { type: 'Polygon', coordinates: [RING] }],
    ['a feature', { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [RING] } }],
  ])('may be %s', (_what, value) => expect(parsePolygon(JSON.stringify(value))).toEqual([RING]))

  it.each(['', '马村区', '[]', '[[[113.2,35.2]]]', '{"type":"Point","coordinates":[113.2,35.2]}', '[["a"]]'])(
    'is refused as %s',
    (text) => expect(parsePolygon(text)).toBeUndefined(),
  )
})

it('a box lies around everything that is drawn, and nothing has none', () => {
  expect(boxOf([[RING]], [{ lon: 113.5, lat: 35.25 }])).toEqual({ west: 113.2, east: 113.5, south: 35.2, north: 35.3 })
  expect(boxOf([], [])).toBeUndefined()
})
