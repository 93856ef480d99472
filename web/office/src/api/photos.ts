/**
 * Sends a photo by tus in one piece, and waits for the server's verdict: only a photo that it keeps whole may be named
 * in a finding or a report.
 */
import { sha256 } from '@lantian/shared/sha256'
import { send } from './client'
import { problemOf } from './problem'

const UPLOADS = '/api/v1/photos/uploads'
const TUS = { 'Tus-Resumable': '1.0.0' }

/** The SHA-256 by which the photo is named from then on. A photo that the server has already is not sent again. */
export async function uploadPhoto(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const hash = sha256(bytes)
  const created = await send(
    new Request(new URL(UPLOADS, location.origin), {
      method: 'POST',
      headers: {
        ...TUS,
        'Content-Type': 'application/offset+octet-stream',
        'Upload-Length': String(bytes.length),
        'Upload-Metadata': `sha256 ${btoa(hash)}`,
      },
      body: bytes,
    }),
  )
  if (!created.ok) throw await problemOf(created)
  const at = created.headers.get('Location')
  if (at === null) throw await problemOf(created)
  const judged = await send(new Request(new URL(at, location.origin), { method: 'HEAD', headers: TUS }))
  const verdict = judged.headers.get('Lantian-Photo')
  if (verdict !== 'verified') throw await refusal(verdict ?? 'photo_unknown')
  return hash
}

/** A verdict is a problem's code; its sentences stand where they came from, so a plain one says which. */
function refusal(code: string) {
  return problemOf(
    new Response(
      JSON.stringify({
        type: `urn:lantian:problem:${code}`,
        code,
        status: 422,
        title: `照片未被接收（${code}），请重新选择。`,
        title_en: `The photo was not accepted (${code}); choose another one.`,
      }),
      { status: 422 },
    ),
  )
}
