import * as fc from "fast-check";
import { expect, test } from "vitest";
import { applyDelta, deltaOf } from "../../bench/tap/body-delta.ts";

const text = fc.string({ unit: "binary", maxLength: 40 });
/** Texts that share a start and an end, as the requests of a conversation do; long ones cross the comparison's blocks. */
const related = fc
  .record({ start: text, end: text, left: text, right: text, times: fc.integer({ min: 1, max: 400 }) })
  .map(({ start, end, left, right, times }) => [
    start.repeat(times) + left + end.repeat(times),
    start.repeat(times) + right + end.repeat(times),
  ]);

test("a delta applied to its base is the text, for any texts", () => {
  fc.assert(
    fc.property(fc.oneof(related, fc.tuple(text, text)), ([base = "", changed = ""]) => {
      expect(applyDelta(base, JSON.parse(JSON.stringify(deltaOf(base, changed))))).toBe(changed);
    }),
    { numRuns: 2_000 },
  );
});

test("only what is new is kept", () => {
  const base = `{"messages":[${"x".repeat(10_000)}],"model":"m"}`;
  const next = `{"messages":[${"x".repeat(10_000)},"y"],"model":"m"}`;
  expect(deltaOf(base, next)).toEqual({ prefix: 10_013, suffix: 14, middle: ',"y"' });
  expect(deltaOf(base, base)).toEqual({ prefix: base.length, suffix: 0, middle: "" });
});

test("a base that is too short is refused", () => {
  expect(() => applyDelta("ab", { prefix: 2, suffix: 1, middle: "" })).toThrow(RangeError);
});
