import { defineConfig } from 'vitest/config'

/** Not a test: measures the screens of a district that `cargo xtask bench --screens` seeded and serves. */
export default defineConfig({
  test: {
    include: ['bench/**/*.ts'],
    provide: { url: process.env.LANTIAN_E2E_URL ?? '', programs: '', folder: '' },
    testTimeout: 600_000,
    // Lines that tell how far it is come when they are written.
    disableConsoleIntercept: true,
  },
})
