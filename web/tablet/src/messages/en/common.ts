import type zh from '../zh/common'

const common: typeof zh = {
  app: 'Lantian',
  back: 'Back',
  cancel: 'Cancel',
  close: 'Close',
  delete: 'Delete',
  next: 'Next',
  edit: 'Edit',
  all: 'All',
  yes: 'Yes',
  no: 'No',
  loading: 'Loading…',
  optional: 'optional',
  required: 'required',
  spot: 'Spot',
  menu: 'Main sections',
  newVersion: 'A new version is here',
  newVersionWaits: 'A new version is here; it starts once what you are filling in is done',
  useNow: 'Use it now',
  otherTab: 'Another tab has the data open; this one works through it, with all functions.',
  failed: 'This was not done',
  interrupted: 'The store was interrupted and started again. Do that once more; what was saved is safe.',
  storageFull: "The tablet's storage is full and this was not saved. Clear other files from the tablet first.",
  unreachable: 'The server cannot be reached now. Try where there is signal; inspecting offline goes on.',
  locked: 'Locked. Unlock again.',
  unsupported: 'This tablet or browser cannot run the app',
  unsupportedWhy: 'It must be opened by https in Chrome or Edge 108 or later, and not in a private window.',
  notFound: 'There is no such page',
  toToday: 'Go to today',
}

export default common
