import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadline, Timer } from "../../bench/measure/deadline.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** From nothing to three times Node's longest timer. */
const lengths = fc.oneof(
  fc.integer({ min: 1, max: 10_000 }),
  fc.integer({ min: 2 ** 31 - 3, max: 2 ** 31 + 3 }),
  fc.integer({ min: 1, max: 3 * 2 ** 31 }),
);

test("a time of any length is over when it is over, not before, and once", () => {
  fc.assert(
    fc.property(lengths, (ms) => {
      let calls = 0;
      using _timer = new Timer(ms, () => (calls += 1));
      vi.advanceTimersByTime(ms - 1);
      expect(calls).toBe(0);
      vi.advanceTimersByTime(1);
      expect(calls).toBe(1);
      vi.advanceTimersByTime(2 ** 33);
      expect(calls).toBe(1);
    }),
  );
});

test("a deadline that is disposed of, in whichever stretch, never aborts its signal", () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 0, max: 99 }), (ms, percent) => {
      const deadline = new Deadline(ms);
      vi.advanceTimersByTime(Math.floor((ms * percent) / 100));
      deadline[Symbol.dispose]();
      vi.advanceTimersByTime(2 ** 33);
      expect(deadline.over).toBe(false);
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});

test("the reason of the signal says what the limit was", () => {
  using deadline = new Deadline(5);
  vi.advanceTimersByTime(5);
  expect([deadline.over, deadline.signal.reason]).toEqual([
    true,
    expect.objectContaining({ name: "TimeoutError", message: "not done within 5 ms" }),
  ]);
});
