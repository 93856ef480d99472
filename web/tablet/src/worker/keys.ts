/**
 * Keys of the tablet (docs/adr, keys at rest).
 *
 * A user's store key is 32 random bytes that are kept only wrapped: once under the PIN, once under the recovery key that
 * the server gives for the password. Both wrapping keys also need the tablet's own secret, which cannot be exported.
 * Databases, photos and drafts of field records each have a key of their own, derived from the store key.
 */
import type { DeviceRecord, PinWrapped, Wrapped } from './registry'
import { toBase64Url } from './bytes'

/** Rounds of PBKDF2 with SHA-256 for a PIN set now; a wrapped key names its own. */
const PIN_ITERATIONS = 300_000
const KEY_BYTES = 32
const SALT_BYTES = 16
const IV_BYTES = 12

const text = (words: string) => new TextEncoder().encode(words)
const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))

export async function makeDevice(name: string): Promise<DeviceRecord> {
  const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const secret = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return { name, signing, secret }
}

/** The public key as the server takes it: the uncompressed point, base64url. */
export async function publicKey(device: DeviceRecord): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.exportKey('raw', device.signing.publicKey)))
}

/** ECDSA with SHA-256 over the text, r‖s, base64url. */
export async function sign(device: DeviceRecord, challenge: string): Promise<string> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  return toBase64Url(new Uint8Array(await crypto.subtle.sign(algorithm, device.signing.privateKey, text(challenge))))
}

export function freshStoreKey(): Uint8Array<ArrayBuffer> {
  return random(KEY_BYTES)
}

/** The key that wraps: the tablet's secret over what the person or the server knows. */
async function wrapping(device: DeviceRecord, purpose: string, known: BufferSource): Promise<CryptoKey> {
  const said = new Uint8Array([...text(`lantian ${purpose} `), ...new Uint8Array(ArrayBuffer.isView(known) ? known.buffer : known)])
  const bits = await crypto.subtle.sign('HMAC', device.secret, said)
  return crypto.subtle.importKey('raw', bits, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

async function seal(key: CryptoKey, about: string, plain: BufferSource): Promise<Wrapped> {
  const iv = random(IV_BYTES)
  const bytes = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: text(about) }, key, plain)
  return { iv, bytes }
}

/** What was wrapped, or `null` where the key is not the one it was wrapped with. */
async function open(key: CryptoKey, about: string, wrapped: Wrapped): Promise<Uint8Array<ArrayBuffer> | null> {
  const algorithm = { name: 'AES-GCM', iv: wrapped.iv, additionalData: text(about) }
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, wrapped.bytes))
  } catch {
    return null
  }
}

async function pinBits(pin: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<ArrayBuffer> {
  const key = await crypto.subtle.importKey('raw', text(pin), 'PBKDF2', false, ['deriveBits'])
  return crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, KEY_BYTES * 8)
}

export async function wrapWithPin(
  device: DeviceRecord,
  userId: string,
  pin: string,
  storeKey: BufferSource,
): Promise<PinWrapped> {
  const salt = random(SALT_BYTES)
  const key = await wrapping(device, 'pin', await pinBits(pin, salt, PIN_ITERATIONS))
  return { ...(await seal(key, userId, storeKey)), salt, iterations: PIN_ITERATIONS }
}

export async function unwrapWithPin(
  device: DeviceRecord,
  userId: string,
  pin: string,
  wrapped: PinWrapped,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const key = await wrapping(device, 'pin', await pinBits(pin, wrapped.salt, wrapped.iterations))
  return open(key, userId, wrapped)
}

export async function wrapWithRecovery(
  device: DeviceRecord,
  userId: string,
  recoveryKey: BufferSource,
  storeKey: BufferSource,
): Promise<Wrapped> {
  return seal(await wrapping(device, 'recovery', recoveryKey), userId, storeKey)
}

export async function unwrapWithRecovery(
  device: DeviceRecord,
  userId: string,
  recoveryKey: BufferSource,
  wrapped: Wrapped,
): Promise<Uint8Array<ArrayBuffer> | null> {
  return open(await wrapping(device, 'recovery', recoveryKey), userId, wrapped)
}

async function derived(storeKey: Uint8Array<ArrayBuffer>, purpose: string): Promise<ArrayBuffer> {
  const key = await crypto.subtle.importKey('raw', storeKey, 'HKDF', false, ['deriveBits'])
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: text(`lantian ${purpose}`) }
  return crypto.subtle.deriveBits(algorithm, key, KEY_BYTES * 8)
}

/** The key of the databases, as bytes: SQLite's cipher takes no handle. */
export async function databaseKey(storeKey: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await derived(storeKey, 'databases'))
}

/** The key of the photos. */
export async function photoKey(storeKey: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const bits = await derived(storeKey, 'photos')
  return crypto.subtle.importKey('raw', bits, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** The key of what is being written and is in no database yet. */
export async function sealedDraftKey(storeKey: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const bits = await derived(storeKey, 'field drafts')
  return crypto.subtle.importKey('raw', bits, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** Seals a text under a key, bound to what it is about. */
export function sealText(key: CryptoKey, about: string, said: string): Promise<Wrapped> {
  return seal(key, about, text(said))
}

/** The text, or `null` where the key is another or it is about something else. */
export async function openText(key: CryptoKey, about: string, wrapped: Wrapped): Promise<string | null> {
  const bytes = await open(key, about, wrapped)
  return bytes && new TextDecoder().decode(bytes)
}

/** Whether a PIN is long enough and not one repeated or counted digit. */
export function isGoodPin(pin: string, minDigits: number): boolean {
  if (!/^\d+$/.test(pin) || pin.length < minDigits) return false
  const steps = new Set([...pin].slice(1).map((digit, place) => Number(digit) - Number(pin[place])))
  return steps.size > 1 || ![0, 1, -1].includes([...steps][0] ?? 0)
}
