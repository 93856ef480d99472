import type zh from '../zh/fire'

const fire: typeof zh = {
  title: 'Fire report',
  lead: 'Photo first, then the kind: one hand is enough.',
  what: 'What is it?',
  straw: 'Straw',
  waste: 'Waste, leaves',
  burning: 'Open burning',
  fireworks: 'Fireworks',
  barbecue: 'Barbecue',
  duplicates: 'May be the same as nearby',
  duplicatesLead: 'No need to report it twice. You may still submit; a supervisor decides.',
  own: 'reported by me',
  others: 'on file',
  report: 'Report',
  needPhoto: 'Take a photo first',
  leads: 'Leads to verify',
  leadsNone: 'No leads to verify',
  verify: 'Verify a lead',
  verifyFound: 'There is a fire',
  verifyNone: 'No fire found',
  verifyText: 'What was seen there',
  verified: 'The result is kept',
  seen: 'seen {when}',
  already: 'verified, waiting to be sent',
  unfinished: 'Unfinished reports',
  leadNotVerified: 'The report is safe, but the lead is not marked as verified',
  leadAgain: 'Mark it again',
  unavailable: 'The policy in force has no such item',
}

export default fire
