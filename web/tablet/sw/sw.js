/**
 * The service worker: the whole app is kept on the tablet, so that it opens without a network. It serves files of the app
 * and nothing else; what the API says never goes through it, and no data of anybody is ever in its cache.
 *
 * A new version is fetched whole and then waits: the page says when it may take over (`appUpdate.ts`).
 */
const VERSION = '__VERSION__'
const FILES = ['__FILES__']
const PREFIX = 'lantian-tablet-'
const CACHE = `${PREFIX}${VERSION}`
const SCOPE = new URL('./', self.location.href)
const PAGE = new URL('index.html', SCOPE).href

/** Addresses at which the app is opened, kept as such beside the page itself. */
const ENTRANCES = ['./', 'today'].map((name) => new URL(name, SCOPE))

/** Names below it change with their content, so what an older version has need not be fetched again. */
const HASHED = 'assets/'

async function install() {
  const cache = await caches.open(CACHE)
  await Promise.all(
    FILES.map(async (name) => {
      const address = new URL(name, SCOPE).href
      const kept = name.startsWith(HASHED) ? await caches.match(address) : undefined
      const answer = kept ?? (await fetch(address, { cache: 'no-cache' }))
      if (!answer.ok) throw new Error(`${name}: ${answer.status}`)
      await cache.put(address, answer)
    }),
  )
  const page = await cache.match(PAGE)
  await Promise.all(ENTRANCES.map((address) => cache.put(address, page.clone())))
}

/**
 * What the browser takes from the cache by itself, where it can: it does not start this worker for it, nor ask it for each
 * file. All of it is there, since an installation that is not whole fails.
 */
function routes() {
  const source = { cacheName: CACHE }
  const at = ({ pathname }) => ({ urlPattern: { pathname, search: '' } })
  const files = at(new URL(`${HASHED}*`, SCOPE))
  const entrances = ENTRANCES.map((address) => ({ ...at(address), requestMode: 'navigate' }))
  return [files, ...entrances].map((condition) => ({ condition, source }))
}

async function activate() {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)))
  await self.clients.claim()
}

async function answer(request) {
  const cache = await caches.open(CACHE)
  // Every address of a screen is the one page; scripts keep their address, without what stands behind a question mark (to
  // have that ignored, the cache would look at every file of it).
  const [address] = request.mode === 'navigate' ? [PAGE] : request.url.split('?')
  return (await cache.match(address)) ?? fetch(request)
}

self.addEventListener('install', (event) => {
  event.waitUntil(install())
  // Without them, or where the browser knows none, this worker answers.
  if (event.addRoutes) event.waitUntil(event.addRoutes(routes()).catch(() => undefined))
})
self.addEventListener('activate', (event) => event.waitUntil(activate()))
self.addEventListener('message', (event) => {
  if (event.data === 'activate') event.waitUntil(self.skipWaiting())
})
self.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method === 'GET' && request.url.startsWith(SCOPE.href)) event.respondWith(answer(request))
})
