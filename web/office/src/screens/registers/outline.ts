/** Outlines on a plane: enough for pictures of a district, without a map service. Coordinates are WGS-84. */

export type Polygon = number[][][]

export interface Box {
  west: number
  south: number
  east: number
  north: number
}

/** The box around polygons and points; nothing where there is nothing. */
export function boxOf(polygons: readonly Polygon[], points: readonly { lon: number; lat: number }[]): Box | undefined {
  const places = [
    ...polygons.flatMap((polygon) => polygon.flatMap((ring) => ring.map(([lon = 0, lat = 0]) => ({ lon, lat })))),
    ...points,
  ]
  if (places.length === 0) return undefined
  const box = { west: Infinity, south: Infinity, east: -Infinity, north: -Infinity }
  for (const { lon, lat } of places) {
    box.west = Math.min(box.west, lon)
    box.east = Math.max(box.east, lon)
    box.south = Math.min(box.south, lat)
    box.north = Math.max(box.north, lat)
  }
  return box
}

/** A polygon as people paste it: GeoJSON's polygon, a feature of one, or its coordinates alone. */
export function parsePolygon(text: string): Polygon | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  for (const key of ['geometry', 'coordinates']) {
    if (typeof value === 'object' && value !== null && key in value) value = (value as Record<string, unknown>)[key]
  }
  const isRing = (ring: unknown) =>
    Array.isArray(ring) &&
    ring.length >= 4 &&
    ring.every((place) => Array.isArray(place) && place.length >= 2 && place.every((part) => typeof part === 'number'))
  return Array.isArray(value) && value.length > 0 && value.every(isRing) ? (value as Polygon) : undefined
}
