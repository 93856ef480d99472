/** A number as somebody typed it. */

/**
 * What was typed as a number; nothing where nothing was typed; `wrong` where it is none or might be two: `1,200` is 1200 to
 * some and 1.2 to others. A keyboard may be Chinese: its comma, stop and wide digits are read too.
 */
export function typedNumber(typed: string): number | 'wrong' | undefined {
  const text = typed.normalize('NFKC').trim().replace('。', '.')
  if (text === '') return undefined
  if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)$/.test(text) || /,\d{3}$/.test(text)) return 'wrong'
  return Number(text.replace(',', '.'))
}
