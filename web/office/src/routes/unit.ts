/** The unit's side: its cases and charges, what it answers, and its receipts. */
import { Document, Wallet } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/unit/cases',
    name: 'unit-cases',
    component: () => import('@/screens/unit/UnitCasesScreen.vue'),
    meta: { title: 'liaison.cases', roles: ['liaison'], nav: { group: 'unit', order: 10, icon: Document } },
  },
  {
    path: '/unit/cases/:id',
    name: 'unit-case',
    component: () => import('@/screens/unit/UnitCaseScreen.vue'),
    meta: { title: 'liaison.case', roles: ['liaison'] },
  },
  {
    path: '/unit/receipts',
    name: 'unit-receipts',
    component: () => import('@/screens/unit/ReceiptsScreen.vue'),
    meta: { title: 'liaison.receipts', roles: ['liaison'], nav: { group: 'unit', order: 20, icon: Wallet } },
  },
] satisfies RouteRecordRaw[]
