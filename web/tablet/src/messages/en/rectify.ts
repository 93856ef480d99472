import type zh from '../zh/rectify'

const rectify: typeof zh = {
  title: 'Rectification',
  requirement: 'What is to be done',
  deadline: 'Deadline',
  report: 'Report',
  reported: 'reported {at}',
  noReport: 'The unit has not reported',
  doReport: 'Report as rectified',
  doRecheck: 'Re-check on the spot',
  ownReport: 'You reported this yourself: that it is in order is for another person to say.',
  passed: 'Passed',
  failed: 'Failed',
  text: 'What was seen',
  textPlaceholder: 'e.g. hoarding complete, materials covered',
  compare: 'Before and after',
  photos: 'Photos now',
  needPhoto: 'At least one photo',
  save: 'Save the result',
  saved: 'Kept; it is sent with the next sync',
  records: 'My records',
  round: 'Round {n}',
  kind: {
    report_rectification: 'Report',
    recheck_rectification: 'Re-check',
    verify_fire_point: 'Lead verified',
  },
  gone: 'This is no longer on the list',
}

export default rectify
