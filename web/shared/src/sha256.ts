/**
 * SHA-256 (FIPS 180-4). The browser's own is missing where the office is served without TLS, and a photo's hash is its
 * name; one way everywhere is simpler than two.
 */

/** The first 32 bits of the fractional parts of roots of the first primes. */
function fractions(count: number, root: (prime: number) => number): number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate += 1) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) prime &&= candidate % divisor !== 0
    if (prime) found.push(((root(candidate) % 1) * 2 ** 32) | 0)
  }
  return found
}

const START = fractions(8, Math.sqrt)
const ROUND = Int32Array.from(fractions(64, Math.cbrt))

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

/** The hash as lower hex. */
export function sha256(bytes: Uint8Array): string {
  const blocks = Math.ceil((bytes.length + 9) / 64)
  const tail = new Uint8Array(128)
  const whole = Math.floor(bytes.length / 64)
  tail.set(bytes.subarray(whole * 64))
  tail[bytes.length - whole * 64] = 0x80
  const tailBlocks = blocks - whole
  const bits = new DataView(tail.buffer)
  bits.setUint32(tailBlocks * 64 - 8, Math.floor(bytes.length / 2 ** 29))
  bits.setUint32(tailBlocks * 64 - 4, (bytes.length * 8) >>> 0)

  const state = Int32Array.from(START)
  const words = new Int32Array(64)
  for (let block = 0; block < blocks; block += 1) {
    const from = block < whole ? bytes : tail
    const offset = block < whole ? block * 64 : (block - whole) * 64
    compress(state, words, new DataView(from.buffer, from.byteOffset + offset, 64))
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

function compress(state: Int32Array, words: Int32Array, block: DataView): void {
  const w = (n: number): number => words[n] ?? 0
  for (let n = 0; n < 16; n += 1) words[n] = block.getInt32(n * 4)
  for (let n = 16; n < 64; n += 1) {
    const low = rotate(w(n - 15), 7) ^ rotate(w(n - 15), 18) ^ (w(n - 15) >>> 3)
    const high = rotate(w(n - 2), 17) ^ rotate(w(n - 2), 19) ^ (w(n - 2) >>> 10)
    words[n] = (w(n - 16) + low + w(n - 7) + high) | 0
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let n = 0; n < 64; n += 1) {
    const high = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const first = (h + high + ((e & f) ^ (~e & g)) + (ROUND[n] ?? 0) + w(n)) | 0
    const low = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const second = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  for (const [n, word] of [a, b, c, d, e, f, g, h].entries()) state[n] = ((state[n] ?? 0) + word) | 0
}
