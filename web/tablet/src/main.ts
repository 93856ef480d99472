/** Starts the tablet: the core first, since no screen is of use without the databases. */
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { vant } from './theme/vant'
import './theme/tokens.css'
import './theme/base.css'
import App from './App.vue'
import { watchUpdates } from './appUpdate'
import { openCore } from './core/open'
import { i18n } from './messages'
import { makeRouter } from './routes'
import UnsupportedScreen from './screens/UnsupportedScreen.vue'
import { provideCore } from './stores/core'
import { usePeople } from './stores/people'
import { usePreferences } from './stores/preferences'
import { useRules } from './stores/rules'
import { useSync } from './stores/sync'

const pinia = createPinia()
usePreferences(pinia)
try {
  provideCore(await openCore())
  await usePeople(pinia).watch()
  useRules(pinia).watch()
  useSync(pinia).watch()
  const app = createApp(App)
  const router = makeRouter()
  app.use(pinia).use(i18n).use(vant).use(router)
  app.mount('#app')
  void watchUpdates(router)
} catch (thrown) {
  createApp(UnsupportedScreen, { why: thrown instanceof Error ? thrown.message : String(thrown) }).use(pinia).use(i18n).mount('#app')
}
