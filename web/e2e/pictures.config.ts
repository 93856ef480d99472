import { defineConfig } from 'vitest/config'

/** Not a test: takes the pictures of `docs/screenshots`. */
export default defineConfig({
  test: {
    include: ['pictures/**/*.ts'],
    globalSetup: ['./district.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
