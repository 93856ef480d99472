/**
 * Photos to the server by tus 1.0.0: what was received once is not sent again, also after the network was gone. The
 * server keeps a photo under its SHA-256, which is what reports, appeals and findings name.
 */
import { sha256 } from '@lantian/shared/sha256'
import { send } from './client'
import { ApiProblem, problemOf } from './problem'

const UPLOADS = '/api/v1/photos/uploads'
const VERSION = { 'Tus-Resumable': '1.0.0' }
const CHUNK_BYTES = 1024 * 1024
export const PHOTO_MAX_BYTES = 20 * 1024 * 1024
/** What the server accepts. */
export const PHOTO_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const

/** Verdicts come as a code alone; the sentences are those of the server's table. */
const VERDICTS: Record<string, readonly [string, string]> = {
  photo_not_an_image: ['文件不是图片，请重新拍摄。', 'The file is not an image; take the photo again.'],
  photo_truncated: ['图片不完整或已损坏，请重新上传或拍摄。', 'The image is truncated or damaged; send or take it again.'],
  photo_too_many_pixels: ['图片像素过多，请降低拍摄分辨率。', 'The image has too many pixels; lower the resolution.'],
  photo_too_large: ['图片文件过大（上限 20 MB）。', 'The image file is too large (20 MB at most).'],
  photo_unsupported_format: ['只接受 JPEG、PNG 或 WebP 图片。', 'Only JPEG, PNG and WebP images are accepted.'],
  photo_hash_mismatch: ['图片内容与其校验值不符，请重新上传。', 'The image does not match its hash; send it again.'],
}

const STATUS_UNPROCESSABLE = 422

function refused(code: string): ApiProblem {
  const [title, title_en] = VERDICTS[code] ?? ['图片未被接受，请换一张。', 'The photo was not accepted; choose another.']
  return new ApiProblem({ type: 'about:blank', code, status: STATUS_UNPROCESSABLE, title, title_en })
}

/** What is plainly wrong with a file, before it is sent: the code of the problem. */
export function photoFault(file: Blob): string | undefined {
  if (file.size > PHOTO_MAX_BYTES) return 'photo_too_large'
  return (PHOTO_TYPES as readonly string[]).includes(file.type) ? undefined : 'photo_unsupported_format'
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const headers = { ...VERSION, ...(init.headers as Record<string, string> | undefined) }
  return send(new Request(new URL(path, location.origin), { ...init, headers }))
}

interface Upload {
  at: string
  offset: number
}

/** Uploads that were begun on this page, by hash: a try after a lost network goes on where it stood. */
const begun = new Map<string, string>()

const offsetOf = (response: Response) => Number(response.headers.get('upload-offset') ?? 0)

async function resume(hash: string): Promise<Upload | undefined> {
  const at = begun.get(hash)
  if (at === undefined) return undefined
  const response = await ask(at, { method: 'HEAD' })
  return response.ok ? { at, offset: offsetOf(response) } : undefined
}

async function create(hash: string, size: number): Promise<Upload> {
  const response = await ask(UPLOADS, {
    method: 'POST',
    headers: { 'Upload-Length': String(size), 'Upload-Metadata': `sha256 ${btoa(hash)}` },
  })
  const at = response.headers.get('location')
  if (!response.ok || at === null) throw await problemOf(response)
  begun.set(hash, at)
  return { at, offset: offsetOf(response) }
}

async function append({ at, offset }: Upload, file: Blob): Promise<number> {
  const response = await ask(at, {
    method: 'PATCH',
    headers: { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' },
    body: file.slice(offset, offset + CHUNK_BYTES),
  })
  if (!response.ok) throw await problemOf(response)
  return offsetOf(response)
}

/**
 * Sends a photo and returns its SHA-256 once the server has looked at it and keeps it. `onProgress` is told the share
 * that is durable, 0 to 1.
 */
export async function uploadPhoto(file: Blob, onProgress?: (share: number) => void): Promise<string> {
  const fault = photoFault(file)
  if (fault !== undefined) throw refused(fault)
  const hash = sha256(new Uint8Array(await file.arrayBuffer()))
  const upload = (await resume(hash)) ?? (await create(hash, file.size))
  onProgress?.(upload.offset / file.size)
  while (upload.offset < file.size) {
    upload.offset = await append(upload, file)
    onProgress?.(upload.offset / file.size)
  }
  const verdict = (await ask(upload.at, { method: 'HEAD' })).headers.get('lantian-photo')
  if (verdict !== 'verified') {
    begun.delete(hash)
    throw refused(verdict ?? '')
  }
  return hash
}
