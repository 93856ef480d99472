import type zh from '../zh/devices'

const devices: typeof zh = {
  nav: 'Devices',
  hint: "The inspectors' tablets; the longest silent first",
  search: 'Device or user',
  name: 'Device',
  users: 'Users',
  enrolledAt: 'Enrolled',
  lastSeen: 'Last seen',
  lastPush: 'Last upload',
  waiting: 'Not arrived yet',
  photosAwaited: '{n} photo | {n} photos',
  quarantined: '{n} record in quarantine | {n} records in quarantine',
  never: 'Never',
  daysAgo: '{n} day ago | {n} days ago',
  todaySeen: 'Today',
  state: 'State',
  active: 'Active',
  silent: 'Silent for {n} days',
  revoked: 'Revoked',
  revokedAt: 'Revoked {at}',
  all: 'All devices',
  onlySilent: 'Silent',
  onlyActive: 'Active',
  onlyRevoked: 'Revoked',
  revoke: 'Revoke device',
  revokeConsequence:
    'The device gets no more data at once. What it sends from then on goes to quarantine and becomes no case. For lost or replaced devices; it cannot be undone, the device would have to enrol anew.',
  revokeDone: 'The device is revoked',
  empty: 'No devices yet. Issue an enrolment code for an inspector under “Users”.',
}

export default devices
