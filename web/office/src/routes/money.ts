/** Money (扣缴): months, entries and where they come from, what waits for a second person, appeals, years, subsidies. */
import { Coin, Finished, Histogram, Present, Stamp } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/months',
    name: 'month',
    component: () => import('@/screens/money/MonthScreen.vue'),
    meta: {
      title: 'money.month.nav',
      roles: ['finance', 'supervisor', 'administrator'],
      nav: { group: 'money', order: 10, icon: Coin },
    },
  },
  {
    path: '/entries/:number(\\d+)',
    name: 'entry',
    component: () => import('@/screens/money/EntryScreen.vue'),
    meta: { title: 'money.entry.nav', roles: ['finance', 'supervisor', 'administrator'] },
  },
  {
    path: '/notices/:month(\\d{4}-\\d{2})/:unit',
    name: 'notice',
    component: () => import('@/screens/money/NoticeScreen.vue'),
    meta: { title: 'money.notice', roles: ['finance', 'supervisor', 'administrator', 'liaison'] },
  },
  {
    path: '/proposals',
    name: 'proposals',
    component: () => import('@/screens/money/ProposalsScreen.vue'),
    meta: {
      title: 'money.proposals.nav',
      roles: ['finance', 'supervisor'],
      nav: { group: 'money', order: 20, icon: Finished },
    },
  },
  {
    path: '/appeals',
    name: 'appeals',
    component: () => import('@/screens/money/AppealsScreen.vue'),
    meta: {
      title: 'money.appeals.nav',
      roles: ['supervisor', 'finance', 'administrator', 'liaison'],
      nav: { group: 'money', order: 30, icon: Stamp },
    },
  },
  {
    path: '/appeals/:id',
    name: 'appeal',
    component: () => import('@/screens/money/AppealScreen.vue'),
    meta: { title: 'money.appeals.one', roles: ['supervisor', 'finance', 'administrator'] },
  },
  {
    path: '/years',
    name: 'year',
    component: () => import('@/screens/money/YearScreen.vue'),
    meta: {
      title: 'money.year.nav',
      roles: ['finance', 'supervisor', 'administrator', 'liaison'],
      nav: { group: 'money', order: 40, icon: Histogram },
    },
  },
  {
    path: '/subsidies',
    name: 'subsidies',
    component: () => import('@/screens/money/SubsidiesScreen.vue'),
    meta: {
      title: 'money.subsidies.nav',
      roles: ['finance', 'supervisor', 'administrator'],
      nav: { group: 'money', order: 50, icon: Present },
    },
  },
] satisfies RouteRecordRaw[]
