/**
 * Ids that the client makes. `crypto.randomUUID` is missing where the office is served without TLS, so the random
 * bytes are taken from what every browser has there.
 */

/** A UUIDv7 (RFC 9562): ordered by the time it was made. */
export function uuid(now = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(now / 2 ** 32))
  view.setUint32(2, now % 2 ** 32)
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70)
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80)
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * The request id (幂等号) of one intention: the same content keeps its id however often it is sent, so that a lost
 * answer heals; other content is another request.
 */
export class Intention {
  #content = ''
  #id = ''

  /** The id for this content. */
  idFor(content: unknown): string {
    const text = JSON.stringify(content) ?? ''
    if (this.#id === '' || text !== this.#content) {
      this.#id = uuid()
      this.#content = text
    }
    return this.#id
  }

  /** It was done: what comes next is another one, even with the same content. */
  done(): void {
    this.#id = ''
  }
}
