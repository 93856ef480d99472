/** One sentence about what was just done, for some seconds; readers of screens speak it. What must be read stands elsewhere. */
import { readonly, ref } from 'vue'

const SHOWN_MILLISECONDS = 3_000

const current = ref('')
let timer: ReturnType<typeof setTimeout> | undefined

export const said = readonly(current)

export function say(sentence: string): void {
  clearTimeout(timer)
  current.value = sentence
  timer = setTimeout(() => (current.value = ''), SHOWN_MILLISECONDS)
}
