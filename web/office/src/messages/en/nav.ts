import type zh from '../zh/nav'

const nav: typeof zh = {
  review: 'Cases',
  unit: 'My unit',
  money: 'Money',
  overview: 'Overview',
  registers: 'Registers',
  administration: 'System',
}

export default nav
