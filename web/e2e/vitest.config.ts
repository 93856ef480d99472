import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['stories/**/*.test.ts'],
    globalSetup: ['./district.ts'],
    // One server, one browser, two cores: stories one after the other.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
