/** What every list and page about cases says. */
export default {
  list: '案件列表',
  occurredAt: '发生时间',
  target: '对象与地点',
  placeUnwritten: '未写明地点',
  review: '审核',
  rectification: '整改',
  author: '发现人',
  amountMissing: '金额待录入',
  only: { flagged: '有疑点', overdue: '整改逾期', appealed: '申诉中' },
  ofMonth: '{month} 月度',
}
