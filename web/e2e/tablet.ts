/**
 * The tablet's core as its screens call it, in a real browser with a profile on disk, before the real server: its sources
 * served as they are, with a page that has nothing on it but the core.
 */
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import type { Core } from '../tablet/src/core/client'
import { ARGUMENTS } from './browser'

declare global {
  interface Window {
    core: Core
    said: string[]
  }
}

const TABLET = resolve(import.meta.dirname, '../tablet')
const PAGE = '/tablet/core.html'
const HTML = `<!doctype html><meta charset="utf-8"><script type="module">
  import { openCore } from '/src/core/open.ts'
  window.core = await openCore()
</script>`

/** Serves the tablet's sources, and passes the API on to the server. */
export async function serveTablet(server: string): Promise<ViteDevServer> {
  const vite = await createServer({
    root: TABLET,
    configFile: join(TABLET, 'vite.config.ts'),
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false, proxy: { '/api': { target: server } } },
    plugins: [
      {
        name: 'core-page',
        configureServer(it) {
          it.middlewares.use((request, response, next) => {
            if (request.url?.split('?')[0] !== PAGE) return next()
            response.setHeader('Content-Type', 'text/html')
            void it.transformIndexHtml(PAGE, HTML).then((html) => response.end(html), next)
          })
        },
      },
    ],
  })
  await vite.listen()
  return vite
}

export function addressOf(vite: ViteDevServer): string {
  const address = vite.httpServer?.address()
  if (address === null || typeof address !== 'object') throw new Error('the sources are not served')
  return `http://127.0.0.1:${address.port}`
}

/** A tablet: a browser whose profile outlives it. */
export class Tablet {
  private constructor(
    readonly context: BrowserContext,
    readonly profile: string,
    private readonly url: string,
  ) {}

  static async start(url: string, profile: string): Promise<Tablet> {
    await mkdir(profile, { recursive: true })
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.LANTIAN_CHROMIUM ?? '/usr/bin/chromium',
      args: ARGUMENTS,
    })
    return new Tablet(context, profile, url)
  }

  /** A tab with the core on it. */
  async tab(): Promise<Page> {
    const page = await this.context.newPage()
    await page.goto(this.url + PAGE)
    await page.waitForFunction(() => 'core' in window)
    return page
  }

  async stop(): Promise<void> {
    await this.context.close()
  }

  /** Names of files of the profile that contain a text, in UTF-8 or UTF-16. */
  async filesWith(text: string): Promise<string[]> {
    const wanted = [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')]
    const found: string[] = []
    for (const entry of await readdir(this.profile, { recursive: true, withFileTypes: true })) {
      // A browser that runs has links to nowhere there.
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const name = relative(this.profile, file)
      const bytes = await readFile(file)
      if (wanted.some((needle) => bytes.includes(needle))) found.push(name)
    }
    return found
  }
}
