/** Signing in, and one's own account. */
import { User } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/sign-in',
    name: 'sign-in',
    component: () => import('@/screens/account/SignInScreen.vue'),
    meta: { title: 'account.signIn', bare: true },
  },
  {
    path: '/account',
    name: 'account',
    component: () => import('@/screens/account/AccountScreen.vue'),
    meta: { title: 'account.nav', nav: { group: 'administration', order: 90, icon: User } },
  },
] satisfies RouteRecordRaw[]
