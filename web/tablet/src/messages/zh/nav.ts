/** The main sections. */
export default {
  today: '今日',
  register: '台账',
  inspect: '检查',
  fire: '火点',
  mine: '我的',
}
