import { defineConfig } from "vitest/config";

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
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "long",
          include: ["test/**/*.long.test.ts"],
          pool: "forks",
          testTimeout: 1_800_000,
          hookTimeout: 300_000,
        },
      },
    ],
    maxWorkers: 2,
  },
});
