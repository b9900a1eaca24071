import { defineConfig } from "vitest/config";

/** Vitest's own second is less than a process may take to start or to end on a busy machine. */
const expectation = { poll: { timeout: 30_000 } };

/** Two tiers: `short` is what `npm test` runs; files named `*.long.test.ts` run with `npm run test:long`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "short",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.long.test.ts"],
          pool: "forks",
          // Files share the processes of the workers: a process for each takes 0.7 s of a processor before its first test, a sixth of all that
          // the short tier took. No test leaves a changed module, variable or folder behind for the next.
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: expectation,
        },
      },
      {
        test: {
          name: "long",
          include: ["test/**/*.long.test.ts"],
          pool: "forks",
          testTimeout: 1_800_000,
          hookTimeout: 300_000,
          expect: expectation,
        },
      },
    ],
    // One more than the two cores that the tiers are sized for: e2e tests wait for processes, and two left a quarter of two cores idle.
    maxWorkers: 3,
  },
});
