/** A browser by a name that people know, from what it says of itself; that itself where it is none of the usual ones. */
const BROWSERS = [
  ['Edge', /Edg\/(\d+)/],
  ['360', /QIHU|360SE|360EE/],
  ['Chrome', /Chrome\/(\d+)/],
  ['Firefox', /Firefox\/(\d+)/],
  ['Safari', /Version\/(\d+).*Safari/],
] as const
const SYSTEMS = [
  ['Windows', /Windows/],
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['macOS', /Mac OS X/],
  ['Linux', /Linux/],
] as const

export function browserName(userAgent: string): string {
  for (const [name, pattern] of BROWSERS) {
    const found = pattern.exec(userAgent)
    if (found === null) continue
    const system = SYSTEMS.find(([, sign]) => sign.test(userAgent))?.[0]
    return [found[1] === undefined ? name : `${name} ${found[1]}`, system].filter((part) => part !== undefined).join(' · ')
  }
  return userAgent
}
