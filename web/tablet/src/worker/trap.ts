/** When the module is of no more use: a trap leaves its memory as it was in the middle of something. */
import { CoreError } from '@/core/client'

let trapped = false

/** Whether this is a trap, or what the module throws after one, when it only says that something is still in use. */
export function isTrap(error: unknown): boolean {
  trapped ||= error instanceof WebAssembly.RuntimeError
  return trapped && !(error instanceof CoreError)
}
