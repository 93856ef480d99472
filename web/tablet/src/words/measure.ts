/** Distances and sizes as people say them. */

const METRES_OF_KILOMETRE = 1_000

/** `86` → `86 m`, `1234` → `1.2 km`; nothing where it is not known. Both units are read in both languages. */
export function distance(metres: number | undefined): string {
  if (metres === undefined || !Number.isFinite(metres)) return ''
  if (metres < METRES_OF_KILOMETRE) return `${Math.round(metres)} m`
  const kilometres = metres / METRES_OF_KILOMETRE
  return `${kilometres < 10 ? kilometres.toFixed(1) : Math.round(kilometres)} km`
}

const BYTES = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** `1234567` → `1.2 MB`. */
export function bytes(count: number): string {
  const step = count < 1 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log10(count) / 3))
  const number = count / 1_000 ** step
  return `${step > 0 && number < 10 ? number.toFixed(1) : Math.round(number)} ${BYTES[step] ?? 'B'}`
}

const EARTH_METRES = 6_371_008.8

/** Metres between two places (haversine); only to say it, never to judge. */
export function metresBetween(one: { lon: number; lat: number }, other: { lon: number; lat: number }): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const lat = radians(other.lat - one.lat)
  const lon = radians(other.lon - one.lon)
  const a = Math.sin(lat / 2) ** 2 + Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * Math.sin(lon / 2) ** 2
  return 2 * EARTH_METRES * Math.asin(Math.min(1, Math.sqrt(a)))
}
