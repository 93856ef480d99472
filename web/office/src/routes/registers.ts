/** Registers, and what an administrator keeps: users, devices, policy packs, files. */
import {
  Cellphone,
  Collection,
  Grid,
  Location,
  OfficeBuilding,
  Upload,
  UserFilled,
  Files,
} from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export default [
  {
    path: '/registers/targets',
    name: 'targets',
    component: () => import('@/screens/registers/TargetsScreen.vue'),
    meta: { title: 'registers.targets', nav: { group: 'registers', order: 10, icon: Collection } },
  },
  {
    path: '/registers/targets/:id',
    name: 'target',
    component: () => import('@/screens/registers/TargetScreen.vue'),
    meta: { title: 'registers.targets' },
  },
  {
    path: '/registers/units',
    name: 'units',
    component: () => import('@/screens/registers/UnitsScreen.vue'),
    meta: { title: 'registers.units', nav: { group: 'registers', order: 20, icon: OfficeBuilding } },
  },
  {
    path: '/registers/grids',
    name: 'grids',
    component: () => import('@/screens/registers/GridsScreen.vue'),
    meta: { title: 'registers.grids', nav: { group: 'registers', order: 30, icon: Grid } },
  },
  {
    path: '/registers/zones',
    name: 'zones',
    component: () => import('@/screens/registers/ZonesScreen.vue'),
    meta: { title: 'registers.zones', nav: { group: 'registers', order: 40, icon: Location } },
  },
  {
    path: '/registers/packs',
    name: 'packs',
    component: () => import('@/screens/registers/PacksScreen.vue'),
    meta: { title: 'packs.nav', nav: { group: 'registers', order: 50, icon: Files } },
  },
  {
    path: '/registers/packs/:hash',
    name: 'pack',
    component: () => import('@/screens/registers/PackScreen.vue'),
    meta: { title: 'packs.nav' },
  },
  {
    path: '/registers/import/:register?',
    name: 'import',
    component: () => import('@/screens/registers/ImportScreen.vue'),
    meta: { title: 'imports.nav', roles: ['administrator'], nav: { group: 'administration', order: 30, icon: Upload } },
  },
  {
    path: '/users',
    name: 'users',
    component: () => import('@/screens/registers/UsersScreen.vue'),
    meta: { title: 'users.nav', roles: ['administrator'], nav: { group: 'administration', order: 10, icon: UserFilled } },
  },
  {
    path: '/users/:id',
    name: 'user',
    component: () => import('@/screens/registers/UserScreen.vue'),
    meta: { title: 'users.nav', roles: ['administrator'] },
  },
  {
    path: '/devices',
    name: 'devices',
    component: () => import('@/screens/registers/DevicesScreen.vue'),
    meta: { title: 'devices.nav', roles: ['administrator'], nav: { group: 'administration', order: 20, icon: Cellphone } },
  },
] satisfies RouteRecordRaw[]
