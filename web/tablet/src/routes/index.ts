/**
 * Addresses of the screens. `open`: also while nobody is unlocked. `section`: which main section it belongs to.
 * `writes`: what is filled in there must not be cut off by an update of the app.
 */
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router'
import UnlockScreen from '@/screens/UnlockScreen.vue'
import { usePeople } from '@/stores/people'

declare module 'vue-router' {
  interface RouteMeta {
    open?: boolean
    section?: string
    writes?: boolean
  }
}

const ROUTES: RouteRecordRaw[] = [
  { path: '/', redirect: '/today' },
  { path: '/enrol', component: () => import('@/screens/EnrolScreen.vue'), meta: { open: true, writes: true } },
  { path: '/unlock', component: UnlockScreen, meta: { open: true } },
  { path: '/sign-in/:user', component: () => import('@/screens/SignInScreen.vue'), props: true, meta: { open: true, writes: true } },
  { path: '/pin', component: () => import('@/screens/PinScreen.vue'), meta: { writes: true } },
  { path: '/today', component: () => import('@/screens/TodayScreen.vue'), meta: { section: '/today' } },
  { path: '/sync', component: () => import('@/screens/SyncScreen.vue'), meta: { section: '/mine' } },
  { path: '/register', component: () => import('@/screens/RegisterScreen.vue'), meta: { section: '/register' } },
  { path: '/register/new', component: () => import('@/screens/NewTargetScreen.vue'), meta: { writes: true } },
  { path: '/targets/:id', component: () => import('@/screens/TargetScreen.vue'), props: true, meta: { section: '/register' } },
  { path: '/inspect', component: () => import('@/screens/InspectStartScreen.vue'), meta: { section: '/inspect' } },
  { path: '/inspect/:id', component: () => import('@/screens/InspectScreen.vue'), props: true, meta: { writes: true } },
  { path: '/fire/:id?', component: () => import('@/screens/FireScreen.vue'), props: true, meta: { section: '/fire', writes: true } },
  { path: '/leads/:id', component: () => import('@/screens/LeadScreen.vue'), props: true, meta: { writes: true } },
  { path: '/rectify/:id', component: () => import('@/screens/RectifyScreen.vue'), props: true, meta: { writes: true } },
  { path: '/mine', component: () => import('@/screens/MineScreen.vue'), meta: { section: '/mine' } },
  { path: '/mine/:id', component: () => import('@/screens/OwnScreen.vue'), props: true, meta: { section: '/mine' } },
  { path: '/settings', component: () => import('@/screens/SettingsScreen.vue'), meta: { section: '/mine' } },
  { path: '/:rest(.*)', component: () => import('@/screens/NotFoundScreen.vue'), meta: { section: '/today' } },
]

export function makeRouter(): Router {
  const router = createRouter({ history: createWebHistory(import.meta.env.BASE_URL), routes: ROUTES })
  router.beforeEach((to) => {
    const people = usePeople()
    if (people.device?.phase === 'empty') return to.path === '/enrol' || { path: '/enrol', hash: to.hash }
    if (!people.unlocked && !to.meta.open) return '/unlock'
    return true
  })
  return router
}
