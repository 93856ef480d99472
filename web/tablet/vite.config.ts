import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { compressed } from './vite/compressed.ts'
import { serviceWorker } from './vite/serviceWorker.ts'

/** The oldest browsers with synchronous file handles in the origin's private file system. */
const BROWSERS = ['chrome108', 'edge108', 'firefox111', 'safari16.4']

/** The server that the development server stands before. */
const SERVER = process.env.LANTIAN_SERVER_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/tablet/',
  plugins: [vue(), serviceWorker(new URL('./sw/sw.js', import.meta.url).pathname), compressed()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  define: { __VUE_I18N_FULL_INSTALL__: true, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  build: {
    // What the first screen needs comes as one file: a service worker is asked for each of them.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', test: /\/src\/main\.ts$/ }] } } },
    target: BROWSERS, cssTarget: BROWSERS,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1400,
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': SERVER, '/healthz': SERVER } },
  test: { environment: 'happy-dom', css: true, include: ['src/**/*.test.ts'] },
})
