/** Processes of this machine as `/proc` lists them: a browser is many. */
import { readFileSync, readdirSync } from 'node:fs'

/** A file of a process, or nothing where it has ended. */
function told(process, file) {
  try {
    return readFileSync(`/proc/${process}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** A process and all that it started, and they. */
export function family(root) {
  const children = new Map()
  for (const name of readdirSync('/proc').filter((it) => /^\d+$/.test(it))) {
    const stat = told(name, 'stat')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const found = [root]
  for (const one of found) found.push(...(children.get(one) ?? []))
  return found
}

/** The browser that this program started with a word on its command line. */
export function browserWith(word) {
  return family(process.pid).find((one) => {
    const line = told(one, 'cmdline')
    return line.includes(word) && !line.includes('--type=')
  })
}

export function signal(processes, name) {
  for (const one of processes) {
    try {
      process.kill(one, name)
    } catch {
      // It ended in between.
    }
  }
}
