import type zh from '../zh/today'

const today: typeof zh = {
  title: 'Today',
  returned: 'Returned and refused',
  returnedCase: 'Returned',
  refusedWork: 'Refused by the server',
  correct: 'Correct it',
  drafts: 'Unfinished drafts',
  resume: 'Resume',
  savedAt: 'saved {when}',
  rectify: 'Rectification and re-check',
  leads: 'Fire point leads',
  targets: {
    due: 'Due this period',
    others: 'Targets of the register',
  },
  coverage: 'Coverage this period',
  coverageOf: '{visited} of {required}',
  coverageAll: '{targets} in the register, {percent}% required',
  coverageOwn: 'your own visits on this tablet only',
  lastVisited: 'visited {when}',
  neverVisited: 'not visited by me',
  nothing: 'Nothing is due today',
  nothingLead: 'Find a target in the register, or begin an inspection on the spot.',
  noRegister: 'There is no register on this tablet yet',
  noRegisterLead: 'After one sync with network it works without signal.',
  all: 'Show all {n}',
  fewer: 'Show fewer',
  notPersisted: 'The browser does not promise to keep the data.',
  notPersistedLead: 'Sync often, and ask for lasting storage under Mine.',
  unusable: 'Some policy packs need a newer version of this app; charges shown may be incomplete.',
}

export default today
