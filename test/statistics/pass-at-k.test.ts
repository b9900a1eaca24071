import * as fc from "fast-check";
import { expect, test } from "vitest";
import { passAtK } from "../../bench/statistics/pass-at-k.ts";

test.each([
  [10, 3, 1, 0.30000000000000004],
  [10, 3, 5, 0.9166666666666666],
  [100, 20, 10, 0.9048837275692115],
  [200, 7, 100, 0.9929911172418123],
  [5, 5, 1, 1],
  [5, 0, 1, 0],
])("of %i samples with %i passes pass@%i is the reference's to the last digit", (...of) => {
  const [samples, passes, k, expected] = of;
  expect(passAtK({ samples, passes, k })).toBe(expected);
});

/** Samples, passes among them, and a k that fits. */
const counts = fc.integer({ min: 1, max: 12 }).chain((samples) =>
  fc.record({
    samples: fc.constant(samples),
    passes: fc.integer({ min: 0, max: samples }),
    k: fc.integer({ min: 1, max: samples }),
  }),
);

/** All subsets of k, counted. */
function byCounting({ samples, passes, k }: { samples: number; passes: number; k: number }): number {
  let [all, hit] = [0, 0];
  for (let set = 0; set < 2 ** samples; set += 1) {
    const members = Array.from({ length: samples }, (_, index) => index).filter(
      (index) => (set >> index) & 1,
    );
    if (members.length !== k) continue;
    all += 1;
    if (members.some((index) => index < passes)) hit += 1;
  }
  return hit / all;
}

test("it is the share of all choices of k samples that hold one that passed", () => {
  fc.assert(
    fc.property(counts, (of) => {
      expect(passAtK(of)).toBeCloseTo(byCounting(of), 10);
    }),
    { numRuns: 60 },
  );
});

test.each([
  { samples: 5, passes: 2, k: 6 },
  { samples: 5, passes: 2, k: 0 },
  { samples: 5, passes: 6, k: 1 },
  { samples: 5, passes: -1, k: 1 },
  { samples: 5, passes: 1.5, k: 1 },
  { samples: 0, passes: 0, k: 1 },
])("%o is refused", (of) => {
  expect(() => passAtK(of)).toThrow(RangeError);
});
