/**
 * The number plate (车牌号) of a vehicle that is in no register: the first line of the notes, in Chinese as the office reads
 * it, since an inspection itself has no facts (facts are the register's).
 */
const NAME = '车牌号'
const LINE = new RegExp(`^${NAME}：(.*)(?:\\n|$)`)

/** The plate that the notes name. */
export function plateIn(notes: string | undefined): string {
  return LINE.exec(notes ?? '')?.[1] ?? ''
}

/** The notes without the plate's line. */
export function withoutPlate(notes: string | undefined): string {
  return (notes ?? '').replace(LINE, '')
}

/** Notes that name this plate, or none where it is empty. */
export function withPlate(notes: string | undefined, plate: string): string {
  const rest = withoutPlate(notes)
  const named = plate.replace(/\s+/g, ' ').trimStart()
  if (named === '') return rest
  return `${NAME}：${named}${rest === '' ? '' : `\n${rest}`}`
}
