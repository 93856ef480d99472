/** The time that deadlines are said against; it moves on by itself. */
import { readonly, ref } from 'vue'

const TICK_MILLISECONDS = 20_000

const current = ref(new Date())
setInterval(() => (current.value = new Date()), TICK_MILLISECONDS)

export const now = readonly(current) as Readonly<{ value: Date }>
