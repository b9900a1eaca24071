import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkLittle } from "../../bench/statistics/little.ts";

const stay = (startS: number, endS: number) => ({ startedNs: startS * 1e9, endedNs: endS * 1e9 });

test("two requests of 2 s and 4 s in 10 s: 0.6 in flight", () => {
  expect(checkLittle([stay(1, 3), stay(2, 6)], { startNs: 0, endNs: 10e9 })).toEqual({
    inFlight: expect.closeTo(0.6, 12),
    arrivalsPerSecond: 0.2,
    stayMeanSeconds: 3,
    discrepancy: expect.closeTo(0, 12),
    requests: 2,
  });
});

test("the law is exact when every stay lies inside the window", () => {
  const inside = fc
    .tuple(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }))
    .map(([startedNs, length]) => ({ startedNs, endedNs: startedNs + length }));
  fc.assert(
    fc.property(fc.array(inside, { minLength: 1 }), (stays) => {
      const check = checkLittle(stays, { startNs: 0, endNs: 2e6 + 1 })!;
      expect(check.discrepancy).toBeCloseTo(0, 9);
    }),
  );
});

test("requests that were lost from the records show as a discrepancy", () => {
  const stays = Array.from({ length: 100 }, (_, index) => stay(index, index + 5));
  const window = { startNs: 0, endNs: 105e9 };
  const all = checkLittle(stays, window)!;
  const lost = checkLittle(
    stays.filter((_, index) => index % 2 === 0),
    window,
  )!;
  expect(all.discrepancy).toBeCloseTo(0, 9);
  // Both sides are computed from the same records, so a loss shows in the level, to be compared with what was intended.
  expect(lost.inFlight).toBeCloseTo(all.inFlight / 2, 9);
});

test("stays cut by the window's edges leave a discrepancy of their size", () => {
  expect(checkLittle([stay(0, 20)], { startNs: 0, endNs: 10e9 })).toMatchObject({ discrepancy: -0.5 });
  expect(checkLittle([stay(-5, -1)], { startNs: 0, endNs: 10e9 })).toBeNull();
  expect(() => checkLittle([], { startNs: 5, endNs: 5 })).toThrow("a window must have a length");
});
