/** The supervisor's desk. */
import { DocumentAdd, Files, MapLocation, Timer } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'
import type { Role } from '@/stores/session'

const REVIEWERS: readonly Role[] = ['supervisor']
/** Who looks at cases without deciding them. */
const READERS: readonly Role[] = ['supervisor', 'finance', 'liaison', 'administrator']

export default [
  {
    path: '/queue',
    name: 'queue',
    component: () => import('@/screens/desk/QueueScreen.vue'),
    meta: { title: 'desk.queue', roles: REVIEWERS, nav: { group: 'review', order: 10, icon: Files } },
  },
  {
    path: '/cases/:id',
    name: 'case',
    component: () => import('@/screens/desk/CaseScreen.vue'),
    meta: { title: 'desk.case', roles: READERS },
  },
  {
    path: '/map',
    name: 'map',
    component: () => import('@/screens/desk/MapScreen.vue'),
    meta: { title: 'desk.map', roles: READERS, nav: { group: 'review', order: 20, icon: MapLocation } },
  },
  {
    path: '/rectifications',
    name: 'rectifications',
    component: () => import('@/screens/desk/RectificationScreen.vue'),
    meta: { title: 'desk.rectifications', roles: REVIEWERS, nav: { group: 'review', order: 30, icon: Timer } },
  },
  {
    path: '/findings/new',
    name: 'finding',
    component: () => import('@/screens/desk/FindingScreen.vue'),
    meta: { title: 'desk.findings', roles: REVIEWERS, nav: { group: 'review', order: 40, icon: DocumentAdd } },
  },
] satisfies RouteRecordRaw[]
