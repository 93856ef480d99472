/** Groups of the navigation. */
export default {
  review: '案件办理',
  unit: '单位事务',
  money: '扣缴与台账',
  overview: '总览',
  registers: '台账管理',
  administration: '系统',
}
