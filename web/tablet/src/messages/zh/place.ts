/** Position. */
export default {
  searching: '正在定位…',
  denied: '没有定位权限。请在浏览器设置里允许本站使用位置。',
  unavailable: '暂时收不到定位信号',
  accuracy: '精度约 {metres} 米',
  coarse: '精度较差，请到开阔处稍等',
  far: '离登记位置 {distance}，请确认对象没有选错',
  veryFar: '离登记位置 {distance}，提交后会标记“定位存疑”',
  taken: '{at} 定位',
  longBefore: '定位比检查（{at}）早很多，可能不是检查地点的位置',
  longAfter: '定位比检查（{at}）晚很多，可能不是检查地点的位置',
  fix: '定位',
  refresh: '重新定位',
  none: '没有定位也可以提交，会标记“定位存疑”',
}
