/**
 * Writes a `.br` beside every built file that it makes smaller, which the server sends to browsers that take it: the core
 * alone is megabytes, and it comes over a phone's network.
 */
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import type { Plugin } from 'vite'

const compress = promisify(brotliCompress)
/** What is not compressed already. */
const WORTH_IT = /\.(css|html|js|json|svg|wasm|webmanifest)$/
/** Nearly as small as the best, in a fraction of the time. */
const QUALITY = 9

export function compressed(): Plugin {
  return {
    name: 'lantian-compressed',
    apply: 'build',
    // After the list of files that the service worker fetches, which are these and not their short forms.
    writeBundle: {
      order: 'post',
      sequential: true,
      async handler({ dir: out = '' }) {
        const names = (await readdir(out, { recursive: true })).filter((name) => WORTH_IT.test(name))
        await Promise.all(
          names.map(async (name) => {
            const bytes = await readFile(join(out, name))
            const small = await compress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } })
            if (small.length < bytes.length) await writeFile(join(out, `${name}.br`), small)
          }),
        )
      },
    },
  }
}
