import shared from '@lantian/shared/messages/en/codes'
import type zh from '../zh/codes'

const codes: typeof zh = {
  ...shared,
  source: {
    satellite: 'Satellite',
    video: 'Camera tower',
    drone: 'Drone',
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
