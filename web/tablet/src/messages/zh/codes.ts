/** Names of the product's codes: those that the office shows too, and the tablet's own. */
import shared from '@lantian/shared/messages/zh/codes'

export default {
  ...shared,
  source: {
    satellite: '卫星遥感',
    video: '蓝天卫士视频',
    drone: '无人机',
  },
  logKind: {
    register_target: '登记对象',
    update_target: '更新对象',
    submit_inspection: '检查',
    amend_inspection: '更正',
    report_rectification: '整改反馈',
    recheck_rectification: '现场复核',
    verify_fire_point: '火点核查',
  },
}
