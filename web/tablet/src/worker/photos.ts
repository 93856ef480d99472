/**
 * Photo originals (照片原件) in the origin's private files, by content, each encrypted piece by piece (AES-GCM) with the
 * user's photo key. Pieces are as long as an upload's chunk, so that sending one reads one.
 *
 * Invariants: a file whose head is written is whole, because the head comes last; an original is never changed, and removed
 * only once a backup of the server has it; plain bytes are never written. A user's photos are in that user's folder, under that user's key.
 *
 * File: 32 bytes of head (`LTP1`, then the size as an unsigned 64-bit number, then zeros), then the pieces, each as
 * 12 bytes of nonce, the ciphertext and 16 bytes of tag.
 */

const FOLDER = 'lantian-photos'
const MARK = [0x4c, 0x54, 0x50, 0x31]
const HEAD_BYTES = 32
const PIECE_BYTES = 256 * 1024
const IV_BYTES = 12
const TAG_BYTES = 16
const SEALED_BYTES = IV_BYTES + PIECE_BYTES + TAG_BYTES

export class PhotoFiles {
  /** What was kept since the user was unlocked: a screen may be about to name it in a draft. */
  private readonly justKept = new Set<string>()

  private constructor(
    private readonly folder: FileSystemDirectoryHandle,
    private readonly key: CryptoKey,
  ) {}

  static async of(userId: string, key: CryptoKey): Promise<PhotoFiles> {
    const root = await navigator.storage.getDirectory()
    const photos = await root.getDirectoryHandle(FOLDER, { create: true })
    return new PhotoFiles(await photos.getDirectoryHandle(userId, { create: true }), key)
  }

  private about(sha256: string, size: number, piece: number): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(`${sha256} ${size} ${piece}`)
  }

  /** Keeps an original; durable when it resolves. One that is here whole already stays as it is. */
  async keep(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.justKept.add(sha256)
    if ((await this.size(sha256)) === bytes.length) return
    const file = await this.folder.getFileHandle(sha256, { create: true })
    const handle = await file.createSyncAccessHandle()
    try {
      handle.truncate(0)
      for (let piece = 0; piece * PIECE_BYTES < bytes.length; piece += 1) {
        const plain = bytes.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES)
        const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
        const additionalData = this.about(sha256, bytes.length, piece)
        const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, this.key, plain)
        const at = HEAD_BYTES + piece * SEALED_BYTES
        write(handle, iv, at)
        write(handle, new Uint8Array(sealed), at + IV_BYTES)
      }
      handle.flush()
      const head = new Uint8Array(HEAD_BYTES)
      head.set(MARK)
      new DataView(head.buffer).setBigUint64(MARK.length, BigInt(bytes.length))
      write(handle, head, 0)
      handle.flush()
    } finally {
      handle.close()
    }
  }

  /** Bytes from `offset` on, at most `length`; `null` where they are not here or do not open. */
  async read(sha256: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const file = await this.file(sha256)
    const size = file && (await headSize(file))
    if (file == null || size == null) return null
    const end = Math.min(offset + length, size)
    const found = new Uint8Array(Math.max(end - offset, 0))
    for (let piece = Math.floor(offset / PIECE_BYTES); piece * PIECE_BYTES < end; piece += 1) {
      const begins = piece * PIECE_BYTES
      const plain = await this.piece(file, sha256, size, piece)
      if (plain === null) return null
      const from = Math.max(offset - begins, 0)
      found.set(plain.subarray(from, Math.min(end - begins, plain.length)), begins + from - offset)
    }
    return found
  }

  /** Bytes of the original; `null` where it is not here whole. */
  async size(sha256: string): Promise<number | null> {
    const file = await this.file(sha256)
    return file && headSize(file)
  }

  /** Bytes on the storage of every original that is here. */
  async sizes(): Promise<ReadonlyMap<string, number>> {
    const sizes = new Map<string, number>()
    for await (const file of this.folder.values()) {
      if (file instanceof FileSystemFileHandle) sizes.set(file.name, (await file.getFile()).size)
    }
    return sizes
  }

  /** Removes an original and says so; not one that was kept only now. Whether it may go is the caller's to know. */
  async remove(sha256: string): Promise<boolean> {
    if (this.justKept.has(sha256)) return false
    await this.folder.removeEntry(sha256)
    return true
  }

  private async piece(file: File, sha256: string, size: number, piece: number): Promise<Uint8Array | null> {
    const at = HEAD_BYTES + piece * SEALED_BYTES
    const sealed = new Uint8Array(await file.slice(at, at + SEALED_BYTES).arrayBuffer())
    const algorithm = {
      name: 'AES-GCM',
      iv: sealed.subarray(0, IV_BYTES),
      additionalData: this.about(sha256, size, piece),
    }
    try {
      return new Uint8Array(await crypto.subtle.decrypt(algorithm, this.key, sealed.subarray(IV_BYTES)))
    } catch {
      return null
    }
  }

  private async file(sha256: string): Promise<File | null> {
    try {
      return await (await this.folder.getFileHandle(sha256)).getFile()
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return null
      throw error
    }
  }
}

async function headSize(file: File): Promise<number | null> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  if (head.length < HEAD_BYTES || MARK.some((byte, place) => head[place] !== byte)) return null
  return Number(new DataView(head.buffer).getBigUint64(MARK.length))
}

/** Writes all of it, or throws: a full storage writes less without a word. */
function write(handle: FileSystemSyncAccessHandle, bytes: Uint8Array<ArrayBuffer>, at: number): void {
  if (handle.write(bytes, { at }) !== bytes.length) throw new DOMException('the storage is full', 'QuotaExceededError')
}
