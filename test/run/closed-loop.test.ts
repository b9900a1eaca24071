import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runClosedLoop } from "../../bench/run/closed-loop.ts";

test("every item is attempted once and never more than the limit are in flight", async () => {
  const cases = fc.record({
    count: fc.integer({ min: 0, max: 40 }),
    concurrency: fc.integer({ min: 1, max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ count, concurrency }) => {
      const attempted: number[] = [];
      let inFlight = 0;
      let most = 0;
      const attempt = async (item: number) => {
        attempted.push(item);
        inFlight += 1;
        most = Math.max(most, inFlight);
        await setImmediate();
        inFlight -= 1;
      };
      const items = Array.from({ length: count }, (_, index) => index);
      await runClosedLoop(items, attempt, { concurrency, admit: () => true });
      expect(attempted.toSorted((a, b) => a - b)).toEqual(items);
      expect(most).toBe(Math.min(count, concurrency));
    }),
    { numRuns: 50 },
  );
});

test("a drain lets what is in flight end and begins nothing new", async () => {
  const ended: number[] = [];
  let admitted = true;
  const attempt = async (item: number) => {
    if (item === 1) admitted = false;
    await setImmediate();
    ended.push(item);
  };
  await runClosedLoop([0, 1, 2, 3, 4], attempt, { concurrency: 2, admit: () => admitted });
  expect(ended).toEqual([0, 1]);
});

test("an attempt that throws stops the loop after those in flight, with its error", async () => {
  const ended: number[] = [];
  const attempt = async (item: number) => {
    await setImmediate();
    if (item === 1) throw new Error("a bug");
    await setImmediate();
    ended.push(item);
  };
  await expect(runClosedLoop([0, 1, 2, 3], attempt, { concurrency: 2, admit: () => true })).rejects.toThrow(
    "a bug",
  );
  expect(ended).toEqual([0]);
});
