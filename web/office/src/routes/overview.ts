/** The overview, coverage, and what is on record. */
import { Checked, DataAnalysis, Memo, Tickets } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/overview',
    name: 'overview',
    component: () => import('@/screens/overview/OverviewScreen.vue'),
    meta: { title: 'overview.nav', nav: { group: 'overview', order: 10, icon: DataAnalysis } },
  },
  {
    path: '/coverage',
    name: 'coverage',
    component: () => import('@/screens/overview/CoverageScreen.vue'),
    meta: { title: 'overview.coverage', nav: { group: 'overview', order: 20, icon: Checked } },
  },
  {
    path: '/decisions',
    name: 'decisions',
    component: () => import('@/screens/record/DecisionsScreen.vue'),
    meta: {
      title: 'trail.decisions',
      roles: ['supervisor', 'finance', 'administrator'],
      nav: { group: 'overview', order: 30, icon: Tickets },
    },
  },
  {
    path: '/audit',
    name: 'audit',
    component: () => import('@/screens/record/AuditScreen.vue'),
    meta: { title: 'trail.audit', roles: ['administrator'], nav: { group: 'administration', order: 40, icon: Memo } },
  },
] satisfies RouteRecordRaw[]
