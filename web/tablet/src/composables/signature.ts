/**
 * A signature while it is drawn. It is kept by itself once the finger stays lifted, and at the latest when the pad is left,
 * so that nobody has to remember a button; a touch by accident is too short for it.
 */
import { onScopeDispose, ref } from 'vue'
import type { PhotoEntry, Visit } from '@/core/client'

/** Lines that are shorter, all together, are no signature by themselves. */
export const SIGNATURE_PIXELS = 120
/** Between two characters of a name the finger is lifted for less. */
export const LIFTED_MILLISECONDS = 1_000

export function isDrawing({ source }: PhotoEntry): boolean {
  return source === 'drawing'
}

/** Somebody is said to have signed, and there is no signature. */
export function lacksSignature({ site_representative, photos }: Visit): boolean {
  return site_representative?.outcome === 'signed' && !photos.some(isDrawing)
}

/** `picture` is the sheet as it is now; `keep` is never called twice at once. */
export function useSignature(picture: () => Promise<Blob | null>, keep: (picture: Blob) => Promise<unknown>) {
  /** The length of all lines. */
  const drawn = ref(0)
  let isNew = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let kept: Promise<unknown> = Promise.resolve()

  function draw(pixels: number): void {
    clearTimeout(timer)
    drawn.value += pixels
    isNew = true
  }
  function lift(): void {
    clearTimeout(timer)
    timer = setTimeout(leave, LIFTED_MILLISECONDS)
  }
  function clear(): void {
    clearTimeout(timer)
    drawn.value = 0
    isNew = false
  }
  /** Keeps what is drawn, however short. */
  function take(): Promise<unknown> {
    clearTimeout(timer)
    isNew = false
    // The sheet of this moment, though another one may still be on its way.
    const sheet = picture()
    kept = kept.then(async () => {
      const blob = await sheet
      if (blob) await keep(blob)
    })
    return kept
  }
  /** Resolves when what is drawn is kept, as far as it is a signature. */
  function leave(): Promise<unknown> {
    return isNew && drawn.value >= SIGNATURE_PIXELS ? take() : kept
  }
  onScopeDispose(() => clearTimeout(timer))
  return { drawn, draw, lift, clear, take, leave }
}
