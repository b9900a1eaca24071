import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, expect, test } from "vitest";
import { Alarm } from "../../bench/load/alarm.ts";
import { systemClock } from "../../bench/measure/clock.ts";

const alarm = await Alarm.start();
afterAll(() => alarm[Symbol.asyncDispose]());
const nowNs = () => systemClock.nowNs();
let rungNs: number[] = [];
beforeEach(() => {
  rungNs = [];
  alarm.onRing(() => rungNs.push(nowNs()));
});

test("it rings once, and never before its time", async () => {
  const dueNs = nowNs() + 20e6;
  alarm.set(dueNs);
  while (rungNs.length === 0) await sleep(5);
  await sleep(100);
  expect(rungNs).toHaveLength(1);
  expect(rungNs[0]).toBeGreaterThanOrEqual(dueNs);
});

test("the last time that was set counts, be it earlier, later or never", async () => {
  alarm.set(nowNs() + 3_600e9);
  alarm.set(nowNs() + 10e6);
  while (rungNs.length === 0) await sleep(5);
  // Too far away to ring before the next line is reached, however slow the machine is.
  alarm.set(nowNs() + 500e6);
  alarm.set(Number.POSITIVE_INFINITY);
  await sleep(700);
  expect(rungNs).toHaveLength(1);
});

test("a time that is over rings at once, and one that is set while it rings is not lost", async () => {
  alarm.onRing(() => {
    rungNs.push(nowNs());
    if (rungNs.length < 50) alarm.set(nowNs() - 1);
  });
  alarm.set(nowNs() - 1e9);
  while (rungNs.length < 50) await sleep(5);
  expect(rungNs).toHaveLength(50);
});
