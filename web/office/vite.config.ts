import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

/** The oldest browsers that run the screens; `public/browser-check.js` refuses what is older. */
const BROWSERS = ['chrome94', 'edge94', 'firefox93', 'safari15.4']

/** The server that the development server stands before. */
const SERVER = process.env.LANTIAN_SERVER_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  define: { __VUE_I18N_FULL_INSTALL__: true, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  build: {
    target: BROWSERS,
    cssTarget: BROWSERS,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1400,
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': SERVER, '/healthz': SERVER } },
  test: { environment: 'happy-dom', css: true, include: ['src/**/*.test.ts'] },
})
