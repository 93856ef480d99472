/** Starts the screens; not in a browser that `browser-check.js` refused. */
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/dist/index.css'
import './theme/tokens.css'
import './theme/base.css'
import { connectClient } from './api/client'
import App from './App.vue'
import { i18n, language, speak } from './messages'
import { makeRouter } from './routes'
import { useNetwork } from './stores/network'
import { useSession } from './stores/session'
import { elements } from './theme/elements'

if (!document.documentElement.classList.contains('too-old')) {
  const app = createApp(App)
  app.use(createPinia())
  const session = useSession()
  const network = useNetwork()
  connectClient({
    csrfToken: () => session.current?.csrf_token,
    signInAgain: () => session.signInAgain(),
    networkAnswered: (answered) => network.answered(answered),
  })
  speak(language())
  app.use(i18n)
  app.use(elements)
  app.use(makeRouter())
  app.mount('#app')
}
