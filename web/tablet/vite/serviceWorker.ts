/**
 * Writes `sw.js` into the build: the service worker of `sw/sw.js` with the list of all built files and a name that changes
 * with their content. Small enough to read, and it knows when an update may take over, which a ready-made one does not.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Plugin } from 'vite'

const VERSION_DIGITS = 16

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

export function serviceWorker(source: string): Plugin {
  return {
    name: 'lantian-service-worker',
    apply: 'build',
    // The public folder was copied by then.
    async writeBundle({ dir: out = '' }) {
      const built = (await files(out)).filter((file) => !file.endsWith('sw.js')).sort()
      const digest = createHash('sha256')
      for (const file of built) digest.update(relative(out, file)).update(await readFile(file))
      const names = built.map((file) => relative(out, file).split(sep).join('/'))
      const text = await readFile(source, 'utf8')
      const made = text
        .replace('__VERSION__', digest.digest('hex').slice(0, VERSION_DIGITS))
        .replace("['__FILES__']", JSON.stringify(names))
      await writeFile(join(out, 'sw.js'), made)
    },
  }
}
