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
  round: {
    assigned: 'With the unit',
    paused: 'Paused',
    returned: 'Sent back by the unit',
    rectified: 'Awaits re-check',
    verified: 'Awaits closing',
    failed: 'Re-check failed',
    withdrawn: 'Withdrawn',
  },
  step: {
    supervision: 'Supervision',
    summons: 'Summons',
    accountability: 'Accountability',
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
  charge: {
    pending: 'Pending',
    posted: 'Posted',
    void: 'Void',
  },
  source: {
    satellite: 'Satellite',
    video: 'Camera tower',
    drone: 'Drone',
  },
  zone: {
    built_up_area: 'Built-up area',
    no_burn: 'No-burn zone',
    fireworks_prohibited: 'Fireworks prohibited',
  },
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
    duplicate_proposed: 'Possible duplicate',
  },
  logKind: {
    register_target: 'Register a target',
    update_target: 'Update a target',
    submit_inspection: 'Inspection',
    amend_inspection: 'Correction',
    report_rectification: 'Report',
    recheck_rectification: 'Re-check',
    verify_fire_point: 'Lead verified',
  },
}

export default codes
