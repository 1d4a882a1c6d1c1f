// Test projects: unit (seconds, no processes), process (real subprocesses), reference (against Python libraries), panels
// (in a browser), e2e (in a real VS Code).
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    allowOnly: false,
    // Most of the time one test waits for a process that uses one core.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      // Pure functions leave nothing behind, so files share their workers: a third faster.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000, isolate: false } },
      {
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      // Each file has a browser of its own, so that two can go on at a time.
      {
        test: {
          name: 'panels',
          include: ['test/panels/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/packedExtension.ts'],
          setupFiles: ['test/support/editorEvidence.ts'],
          testTimeout: 600_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'reference',
          include: ['test/reference/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
