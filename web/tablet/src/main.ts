/** Starts the tablet: who is on it is shown while the databases are still being taken; where they cannot be, nothing else is. */
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

/** Not at the top level: files that are fetched later share one with this, and would wait for all of it. */
async function start(): Promise<void> {
  const pinia = createPinia()
  usePreferences(pinia)
  const app = createApp(App)
  let shown = false
  try {
    const core = await openCore()
    provideCore(core)
    await usePeople(pinia).watch()
    useRules(pinia).watch()
    useSync(pinia).watch()
    const router = makeRouter()
    app.use(pinia).use(i18n).use(vant).use(router)
    // The first screen at once, and not an empty one before it.
    await router.isReady()
    app.mount('#app')
    shown = true
    void watchUpdates(router)
    await core.ready()
  } catch (thrown) {
    if (shown) app.unmount()
    createApp(UnsupportedScreen, { why: thrown instanceof Error ? thrown.message : String(thrown) }).use(pinia).use(i18n).mount('#app')
  }
}

void start()
