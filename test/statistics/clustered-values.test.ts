import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ClusteredValues } from "../../bench/statistics/clustered-values.ts";
import { meanOf, percentile } from "../../bench/statistics/distribution.ts";

test("a draw of units is what joining their values says, however often each was drawn", () => {
  const units = fc.array(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(
      units,
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, picks, q) => {
        const drawn = picks.map((pick) => pick % values.length);
        const joined = drawn.flatMap((unit) => values[unit] ?? []);
        const times = Uint32Array.from(values, (_, unit) => drawn.filter((one) => one === unit).length);
        const sample = new ClusteredValues(values).drawn(times);
        expect(sample.count).toBe(joined.length);
        expect(sample.percentile(q)).toBe(percentile(joined, q) ?? Number.NaN);
        expect(sample.mean()).toBe(meanOf(joined));
      },
    ),
  );
});
