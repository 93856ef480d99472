/**
 * The router. Each area has a file beside this one that exports its routes; navigation is made from their `meta`, so
 * an area is added by adding a file. Who may not see a screen does not get it offered; what may be done is the
 * server's decision alone.
 */
import {
  createRouter,
  createWebHistory,
  START_LOCATION,
  type RouteLocationNormalized,
  type RouteLocationRaw,
  type Router,
  type RouteRecordRaw,
} from 'vue-router'
import type { Component } from 'vue'
import { text } from '@/messages'
import { useNames } from '@/stores/names'
import { useEvents } from '@/stores/events'
import { useNetwork } from '@/stores/network'
import { useSession, type Role } from '@/stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Message key of the screen's name. */
    title?: string
    /** Who sees it; everybody who is signed in when absent. */
    roles?: readonly Role[]
    /** Its place in the navigation; not there when absent. */
    nav?: { group: NavGroup; order: number; icon: Component }
    /** Without navigation around it and without a session. */
    bare?: boolean
  }
}

/** Groups of the navigation in their order. */
export const NAV_GROUPS = ['review', 'unit', 'money', 'overview', 'registers', 'administration'] as const
export type NavGroup = (typeof NAV_GROUPS)[number]

const AREAS = import.meta.glob<RouteRecordRaw[]>(['./*.ts', '!./index.ts', '!./*.test.ts'], {
  eager: true,
  import: 'default',
})

export const ROUTES: RouteRecordRaw[] = [
  ...Object.values(AREAS).flat(),
  { path: '/', name: 'home', component: () => import('@/screens/account/HomeScreen.vue') },
  {
    path: '/:rest(.*)*',
    name: 'not-found',
    component: () => import('@/screens/account/NotFoundScreen.vue'),
    meta: { title: 'common.notFound' },
  },
]

/** Where each role begins its day; the first role that a person has decides. */
const STARTS: readonly (readonly [Role, string])[] = [
  ['supervisor', 'queue'],
  ['finance', 'month'],
  ['liaison', 'unit-cases'],
  ['administrator', 'users'],
]

async function admit(to: RouteLocationNormalized, router: Router): Promise<true | RouteLocationRaw> {
  const session = useSession()
  if (to.meta.bare) return true
  if (!session.current) await session.resume()
  if (!session.current) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
  const names = useNames()
  if (!names.loaded) await names.load()
  useEvents().start()
  if (to.name === 'home') {
    const start = STARTS.find(([role, name]) => session.has(role) && router.hasRoute(name))
    return { name: start?.[1] ?? 'account' }
  }
  if (to.meta.roles && !session.has(...to.meta.roles)) {
    return { name: 'not-found', params: { rest: to.path.slice(1).split('/') } }
  }
  return true
}

/**
 * A newer server has the files of this page's screens no longer: the page is fetched anew, where one wanted to go. While
 * the server does not answer, it stays as it is with what was typed.
 */
function followNewScreens(router: Router): void {
  let gone = false
  addEventListener('vite:preloadError', () => (gone = true))
  router.onError(async (_fault, to) => {
    if (!gone || router.currentRoute.value === START_LOCATION) return
    gone = false
    if (await useNetwork().probe()) location.assign(to.fullPath)
  })
}

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: ROUTES,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
  router.beforeEach((to) => admit(to, router))
  followNewScreens(router)
  router.afterEach((to) => {
    const product = text('common.product')
    document.title = to.meta.title ? `${text(to.meta.title)} · ${product}` : product
  })
  return router
}
