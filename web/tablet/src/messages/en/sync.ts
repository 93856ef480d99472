import type zh from '../zh/sync'

const sync: typeof zh = {
  title: 'Sync',
  word: {
    sending: 'Sending',
    refused: 'Refused items',
    refusedWaiting: 'Refused items, {n} more to send',
    waiting: '{n} to send',
    photosWaiting: '{n} photos to send',
    unjudged: 'Photos being checked',
    sent: 'All delivered',
    never: 'Never synced',
  },
  doing: {
    access: 'Connecting',
    push: 'Sending records',
    pull: 'Updating the register',
    photos: 'Sending photos',
  },
  waiting: 'Records to send',
  held: 'Waiting for something related',
  sent: 'Records delivered',
  refused: 'Refused',
  refusedApart: 'Refused registrations and reports',
  quarantined: 'Quarantined (device revoked)',
  photosWaiting: 'Photos to send',
  photosUnjudged: 'Photos delivered, being checked',
  photosRefused: 'Photos refused',
  drafts: 'Drafts',
  lastSuccess: 'Last complete sync',
  registerAsOf: 'Register as of',
  now: 'Sync now',
  running: 'Syncing…',
  failures: 'The last sync was not complete',
  failed: {
    transport: 'No network, or the server does not answer',
    refused: 'The server refused: {reason}',
    not_our_server: 'A sign-in page of the network is in the way (public Wi-Fi?); use another network',
    other: 'Another reason ({reason})',
  },
  offlineFine: 'Inspecting works without network; everything is kept on this tablet.',
}

export default sync
