/**
 * Who works on this tablet, in IndexedDB: what must be known while everything is locked. Keys are here only as handles
 * that cannot be exported, or wrapped; of what anybody writes there is nothing but sealed drafts (`sealedDrafts.ts`).
 *
 * Invariants: a user is never removed from here; the counts are for display, the truth is in the user's own database.
 */

/** A store key under a key that is not here. */
export interface Wrapped {
  iv: Uint8Array<ArrayBuffer>
  bytes: ArrayBuffer
}

/** What opens with the PIN. */
export interface PinWrapped extends Wrapped {
  salt: Uint8Array<ArrayBuffer>
  iterations: number
}

export interface UserRecord {
  user_id: string
  name: string
  device_id: string
  district: string
  /** This installation of the user's databases. */
  incarnation: string
  /** The store key under the server's recovery key; absent until the user first signed in. */
  recovery?: Wrapped
  pin?: PinWrapped
  /** Wrong PINs in a row. */
  wrong_pins: number
  /** Whether the databases were opened before: if they are empty then, the browser cleared them. */
  opened: boolean
  /** The databases were missing once: which originals belonged to them is not known, so none is swept away. */
  lost_stores?: boolean
  waiting: number
  photos_waiting: number
  last_success: string | null
  /** Originals that left this tablet for the server's backup, since the first. */
  freed?: { photos: number; bytes: number }
}

export interface DeviceRecord {
  name: string
  /** Signs the server's challenges (P-256). */
  signing: CryptoKeyPair
  /** Enters every key that wraps a store key, so that a copied database cannot be tried PIN by PIN elsewhere. */
  secret: CryptoKey
}

const NAME = 'lantian-tablet'
const VERSION = 2
const DEVICE = 'device'
const USERS = 'users'
/** Sealed drafts by user and subject. */
export const SEALED_DRAFTS = 'field_drafts'

let connection: Promise<IDBDatabase> | undefined

/** One connection for all; a newer version of the app elsewhere closes it. */
function opened(): Promise<IDBDatabase> {
  connection ??= connected().catch((error: unknown) => {
    connection = undefined
    throw error
  })
  return connection
}

function connected(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const request = indexedDB.open(NAME, VERSION)
    request.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) {
        request.result.createObjectStore(DEVICE)
        request.result.createObjectStore(USERS, { keyPath: 'user_id' })
      }
      request.result.createObjectStore(SEALED_DRAFTS)
    }
    request.onsuccess = () => {
      const { result } = request
      const gone = () => {
        result.close()
        connection = undefined
      }
      result.onversionchange = gone
      result.onclose = gone
      done(result)
    }
    request.onerror = () => fail(request.error)
  })
}

/** One transaction; what it resolves to is durable. */
export async function within<T>(
  stores: string[],
  mode: IDBTransactionMode,
  act: (transaction: IDBTransaction) => IDBRequest<T>,
): Promise<T> {
  const database = await opened()
  return new Promise<T>((done, fail) => {
    const transaction = database.transaction(stores, mode, { durability: 'strict' })
    const request = act(transaction)
    transaction.oncomplete = () => done(request.result)
    transaction.onabort = () => fail(transaction.error)
  })
}

export function readDevice(): Promise<DeviceRecord | undefined> {
  return within<DeviceRecord | undefined>([DEVICE], 'readonly', (it) => it.objectStore(DEVICE).get(DEVICE))
}

export async function writeDevice(device: DeviceRecord): Promise<void> {
  await within([DEVICE], 'readwrite', (it) => it.objectStore(DEVICE).put(device, DEVICE))
}

export function readUsers(): Promise<UserRecord[]> {
  return within<UserRecord[]>([USERS], 'readonly', (it) => it.objectStore(USERS).getAll())
}

export async function writeUser(user: UserRecord): Promise<void> {
  await within([USERS], 'readwrite', (it) => it.objectStore(USERS).put(user))
}
