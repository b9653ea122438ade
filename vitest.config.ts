import { defineConfig } from 'vitest/config';

/** `*.stack.test.ts` need a real Kafka, registry and object store; `*.program.test.ts` start the built programs on them. */
const NEEDS_STACK = ['test/**/*.stack.test.ts', 'test/**/*.program.test.ts'];
/** Need object stores of their own, in addition to the stack's. */
const NEEDS_STORES = ['test/**/*.stores.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...NEEDS_STACK, ...NEEDS_STORES],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'stack',
          include: NEEDS_STACK,
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // One broker, and often two cores: one file at a time, after the unit tests.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'stores',
          include: NEEDS_STORES,
          globalSetup: ['test/infra/object-store/stores.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
