/**
 * Money (金额) as people read it. Amounts are whole fen as the API carries them; nothing here computes with yuan.
 */

const FEN_PER_YUAN = 100
const FEN_PER_WAN = 1_000_000

const GROUPED = new Intl.NumberFormat('zh-CN', { maximumFractionDigits: 0 })

/** `1234567` → `12,345.67`. */
export function yuan(fen: number): string {
  const whole = Math.floor(Math.abs(fen) / FEN_PER_YUAN)
  const rest = String(Math.abs(fen) % FEN_PER_YUAN).padStart(2, '0')
  return `${fen < 0 ? '−' : ''}${GROUPED.format(whole)}.${rest}`
}

/** In 万元, with two places rounded half up, for summaries: `12345678` → `12.35`. */
export function wan(fen: number): string {
  const hundredths = Math.round((Math.abs(fen) / FEN_PER_WAN) * 100)
  const rest = String(hundredths % 100).padStart(2, '0')
  return `${fen < 0 ? '−' : ''}${GROUPED.format(Math.floor(hundredths / 100))}.${rest}`
}

const DIGITS = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'] as const
const PLACES = ['', '拾', '佰', '仟'] as const
const SECTIONS = ['', '万', '亿', '万亿'] as const

/** Four digits of a number, without what is empty before or after them. */
function section(number: number): string {
  let text = ''
  let gap = false
  for (let place = PLACES.length - 1; place >= 0; place -= 1) {
    const digit = Math.floor(number / 10 ** place) % 10
    if (digit === 0) {
      gap = text !== ''
      continue
    }
    text += `${gap ? '零' : ''}${DIGITS[digit]}${PLACES[place]}`
    gap = false
  }
  return text
}

/** Amount in words (大写金额) by 《支付结算办法》 annex 1: `10000000` → `壹拾万元整`. */
export function inWords(fen: number): string {
  const absolute = Math.abs(fen)
  let rest = Math.floor(absolute / FEN_PER_YUAN)
  const sections: number[] = []
  for (; rest > 0; rest = Math.floor(rest / 10_000)) sections.push(rest % 10_000)
  let words = ''
  let gap = false
  for (let index = sections.length - 1; index >= 0; index -= 1) {
    const number = sections[index] ?? 0
    if (number === 0) {
      gap = words !== ''
      continue
    }
    if (words !== '' && (gap || number < 1_000)) words += '零'
    words += `${section(number)}${SECTIONS[index]}`
    gap = false
  }
  const jiao = Math.floor((absolute % FEN_PER_YUAN) / 10)
  const fenDigit = absolute % 10
  if (words !== '') words += '元'
  if (jiao === 0 && fenDigit === 0) words = `${words || '零元'}整`
  else {
    if (jiao > 0) words += `${DIGITS[jiao]}角`
    else if (words !== '') words += '零'
    words += fenDigit > 0 ? `${DIGITS[fenDigit]}分` : '整'
  }
  return `${fen < 0 ? '负' : ''}${words}`
}

/** What a person typed as yuan, in fen; nothing where it is no amount: at most two places, no sign but a leading one. */
export function parseYuan(text: string): number | undefined {
  const plain = text.trim().replaceAll(',', '').replaceAll('，', '').replace('−', '-')
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,2}))?$/.exec(plain)
  if (!match) return undefined
  const fen = Number(match[2]) * FEN_PER_YUAN + Number((match[3] ?? '').padEnd(2, '0'))
  return match[1] === '-' ? -fen : fen
}
