/** When something was or is due. */
export default {
  now: '刚刚',
  minutesAgo: '{n} 分钟前',
  hoursAgo: '{n} 小时前',
  at: '{at}',
  noDeadline: '期限待定',
  overdueToday: '今天已到期',
  overdueDays: '逾期 {n} 天',
  dueToday: '今天 {at} 前',
  dueTomorrow: '明天 {at} 前',
  dueDays: '还有 {n} 天',
  never: '从未',
}
