import type zh from '../zh/time'

const time: typeof zh = {
  now: 'just now',
  minutesAgo: '{n} min ago',
  hoursAgo: '{n} h ago',
  at: '{at}',
  noDeadline: 'no deadline yet',
  overdueToday: 'due earlier today',
  overdueDays: '{n} d overdue',
  dueToday: 'today by {at}',
  dueTomorrow: 'tomorrow by {at}',
  dueDays: '{n} d left',
  never: 'never',
}

export default time
