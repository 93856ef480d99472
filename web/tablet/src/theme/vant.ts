/**
 * The parts of Vant that screens use, with their styles one by one: Vant's own bundle brings an icon font as `data:`
 * address, which the content policy forbids.
 */
import { Button, Popup } from 'vant'
import type { App } from 'vue'
import 'vant/es/style/base.css'
import 'vant/es/loading/index.css'
import 'vant/es/button/index.css'
import 'vant/es/overlay/index.css'
import 'vant/es/popup/index.css'
import 'vant/es/dialog/index.css'

export function vant(app: App): void {
  app.use(Button).use(Popup)
}
