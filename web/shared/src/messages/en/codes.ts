import type zh from '../zh/codes'

const codes: typeof zh = {
  review: {
    awaiting_evidence: 'Awaiting evidence',
    under_review: 'Under review',
    confirmed: 'Confirmed',
    returned: 'Returned',
    dismissed: 'Dismissed',
    merged: 'Merged',
  },
  rectification: {
    none: 'Not ordered',
    assigned: 'Ordered',
    rectified: 'Reported',
    verified: 'Verified',
    closed: 'Closed',
    supervision: 'Supervision',
    summons: 'Summons',
    accountability: 'Accountability',
  },
  round: {
    assigned: 'With the unit',
    paused: 'Paused',
    returned: 'Sent back by the unit',
    rectified: 'Awaits re-check',
    verified: 'Awaits closing',
    failed: 'Re-check failed',
    closed: 'Closed',
    withdrawn: 'Withdrawn',
  },
  step: { supervision: 'Supervision', summons: 'Summons', accountability: 'Accountability' },
  charge: { pending: 'Pending', posted: 'Posted', void: 'Void' },
  zone: { built_up_area: 'Built-up area', no_burn: 'No-burn zone', fireworks_prohibited: 'Fireworks prohibited' },
  flag: {
    clock_suspect: 'Clock in doubt',
    fix_suspect: 'Position in doubt',
    measurement_suspect: 'Measurement in doubt',
    level_differs: 'Level differs',
    unit_differs: 'Unit differs',
    zones_differ: 'Zones differ',
    pack_differs: 'Policy version differs',
    target_differs: 'Register differs',
    amends_decided: 'Corrects a decided case',
    absorbed_amended: 'A merged case was corrected',
    duplicate_proposed: 'Possible duplicate',
  },
}

export default codes
