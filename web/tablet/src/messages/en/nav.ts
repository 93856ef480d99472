import type zh from '../zh/nav'

const nav: typeof zh = {
  today: 'Today',
  register: 'Register',
  inspect: 'Inspect',
  fire: 'Fire',
  mine: 'Mine',
}

export default nav
