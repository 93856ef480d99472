import type zh from '../zh/cases'

const cases: typeof zh = {
  list: 'Cases',
  occurredAt: 'Occurred',
  target: 'Target and place',
  placeUnwritten: 'place not written',
  review: 'Review',
  rectification: 'Rectified',
  author: 'Found by',
  amountMissing: 'Amount missing',
  only: { flagged: 'In doubt', overdue: 'Overdue', appealed: 'Appealed' },
  ofMonth: 'Account of {month}',
}

export default cases
