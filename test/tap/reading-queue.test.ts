import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { array, assert, asyncProperty, integer } from "fast-check";
import { expect, test } from "vitest";
import { ReadingQueue } from "../../bench/tap/reading-queue.ts";

test("everything is read once, in order, however it comes", async () => {
  await assert(
    asyncProperty(array(integer({ min: 0, max: 3 }), { maxLength: 300 }), async (pauses) => {
      const read: number[] = [];
      const queue = new ReadingQueue<number>((item) => Promise.resolve(void read.push(item)), 0);
      for (const [item, turns] of pauses.entries()) {
        queue.add(item);
        for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      }
      while (read.length < pauses.length) await nextTurn();
      expect(read).toEqual(pauses.map((_, item) => item));
    }),
    { numRuns: 30 },
  );
});

test("of many that are due at once only a few are read before the event loop turns", async () => {
  const readAtTurn: number[] = [];
  let turn = 0;
  const queue = new ReadingQueue<number>(() => Promise.resolve(void readAtTurn.push(turn)), 1);
  for (let item = 0; item < 500; item += 1) queue.add(item);
  while (readAtTurn.length < 500) {
    turn += 1;
    await nextTurn();
  }
  const perTurn = Map.groupBy(readAtTurn, (at) => at);
  expect(Math.max(...Array.from(perTurn.values(), ({ length }) => length))).toBeLessThanOrEqual(8);
});

test("nothing is read before its time", async () => {
  const readMs: number[] = [];
  const queue = new ReadingQueue<number>(() => Promise.resolve(void readMs.push(performance.now())), 20);
  const startedMs = performance.now();
  queue.add(1);
  await sleep(10);
  queue.add(2);
  while (readMs.length < 2) await sleep(1);
  const [first = 0, second = 0] = readMs;
  expect(first - startedMs).toBeGreaterThanOrEqual(19);
  expect(second - startedMs).toBeGreaterThanOrEqual(29);
});
