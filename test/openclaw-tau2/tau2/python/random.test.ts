import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PythonRandom, trialSeeds } from "../../../../openclaw-tau2/tau2/python/random.ts";

const goldenFile = join(process.env["TOLLGATE_SHARED"] ?? "../shared", "tau2/golden/trial_seeds.json");

test("the first trials of base seed 300 are the ones that Python draws", () => {
  expect(trialSeeds(300, 4)).toEqual([626729, 373753, 361454, 1567]);
});

test("negative and large seeds and draws beyond one state refill agree with Python", () => {
  expect(trialSeeds(-7, 3)).toEqual([339563, 993908, 158176]);
  expect(trialSeeds(2n ** 70n + 5n, 3)).toEqual([489474, 408841, 497937]);
  expect(trialSeeds(0, 700).slice(-2)).toEqual([493283, 69582]);
});

test("a seed that is not an integer is refused", () => {
  expect(() => trialSeeds(1.5, 1)).toThrow("A seed is an integer; got 1.5. Use a whole number.");
});

test("the sign of a seed does not matter and every draw lies in its range", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 2 ** 31 }), (seed, size) => {
      const low = -5;
      const drawn = new PythonRandom(seed).integer(low, low + size - 1);
      expect(drawn).toBeGreaterThanOrEqual(low);
      expect(drawn).toBeLessThan(low + size);
      expect(new PythonRandom(-seed).integer(low, low + size - 1)).toBe(drawn);
    }),
    { numRuns: 50 },
  );
});

test.skipIf(!existsSync(goldenFile))("all golden trial seeds", () => {
  const golden = JSON.parse(readFileSync(goldenFile, "utf8")) as Record<string, number[]>;
  const drawn = Object.entries(golden).map(([seed, seeds]) => [seed, trialSeeds(BigInt(seed), seeds.length)]);
  expect(Object.fromEntries(drawn)).toEqual(golden);
});
