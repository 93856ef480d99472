/**
 * A form that is kept at every change until what it says is recorded, so that a restart of the tablet costs nothing of it.
 * Nothing is kept before it was looked whether something is.
 */
import { shallowRef, watch } from 'vue'
import { asCoreError } from '@/stores/core'
import { useSaving } from './saving'

export interface KeptForm<Said> {
  /** Under which name, as soon as it is known. */
  subject: () => string | undefined
  read: (subject: string) => Promise<Said | null>
  /** Durable when it resolves; `null` lets go of it. */
  keep: (subject: string, said: Said | null) => Promise<void>
  /** What is filled in, read from what the form is made of. */
  said: () => Said
  take: (said: Said) => void
  /** Nobody has filled in anything yet. */
  isUntouched: () => boolean
}

export function useKept<Said>({ subject, read, keep, said, take, isUntouched }: KeptForm<Said>) {
  let about: string | undefined
  /** What is filled in was kept before. */
  const found = shallowRef(false)
  const { fault, changed, end } = useSaving(() => (about === undefined ? Promise.resolve() : keep(about, plain(said()))))

  watch(
    subject,
    async (name) => {
      if (name === undefined || name === about) return
      try {
        const kept = await read(name)
        if (kept !== null && isUntouched()) {
          take(kept)
          found.value = true
        }
        about = name
      } catch (thrown) {
        fault.value = asCoreError(thrown)
      }
    },
    { immediate: true },
  )
  watch(said, () => about !== undefined && changed(), { deep: true, flush: 'sync' })

  /** It was recorded: nothing is kept any more. */
  async function recorded(): Promise<void> {
    await end()
    if (about !== undefined) await keep(about, null)
  }

  return { found, fault, recorded }
}

/** A worker takes no reactive value. */
function plain<Said>(said: Said): Said {
  return JSON.parse(JSON.stringify(said)) as Said
}
