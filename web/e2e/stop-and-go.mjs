/**
 * Slows a process and those it starts: `node stop-and-go.mjs <process> <times>` stops them for most of each few milliseconds until
 * it is killed, or whoever started it has ended: nobody is left standing still. Plain JavaScript: it runs by itself, and
 * nothing else may delay it.
 * Its name is no other file's: `../slow` once found it instead of `slow.ts`, and what imports it never ends.
 */
import { family, signal } from './processes.mjs'

/** How long one turn of running and standing still takes. */
const TURN_MILLISECONDS = 12
/** Turns after which processes are looked for again. */
const LOOK_AFTER = 20

const [root, times] = process.argv.slice(2).map(Number)
const clock = new Int32Array(new SharedArrayBuffer(4))
const running = TURN_MILLISECONDS / times
const starter = process.ppid
let processes = family(root)
for (let turn = 1; process.ppid === starter; turn += 1) {
  if (turn % LOOK_AFTER === 0) processes = family(root)
  signal(processes, 'SIGSTOP')
  Atomics.wait(clock, 0, 0, TURN_MILLISECONDS - running)
  signal(processes, 'SIGCONT')
  Atomics.wait(clock, 0, 0, running)
}
