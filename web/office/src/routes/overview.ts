/** Coverage of the inspections that the policy asks for. */
import { Checked } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/coverage',
    name: 'coverage',
    component: () => import('@/screens/overview/CoverageScreen.vue'),
    meta: { title: 'overview.coverage', nav: { group: 'overview', order: 20, icon: Checked } },
  },
] satisfies RouteRecordRaw[]
