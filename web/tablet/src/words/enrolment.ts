/** The enrolment code in what was scanned or opened: `https://…/enrol#CODE`, `#CODE`, or the bare code. */

const CODE = /^[0-9A-Z]{4,8}(?:-[0-9A-Z]{4,8})+$/

export function codeIn(text: string): string | undefined {
  const code = (text.split('#').pop() ?? '').trim().toUpperCase()
  return CODE.test(code) ? code : undefined
}
