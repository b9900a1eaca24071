import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { LoopWatch } from "../../bench/measure/loop-watch.ts";

test("a loop that was blocked says for how long, and how busy it was", async () => {
  using watch = new LoopWatch();
  await sleep(60);
  const until = performance.now() + 200;
  while (performance.now() < until);
  await sleep(60);
  const { eventLoopUtilization, loopDelayMs } = watch.read();
  expect(loopDelayMs?.max).toBeGreaterThan(150);
  expect(loopDelayMs?.samples).toBeGreaterThan(1);
  expect(loopDelayMs?.p50).toBeGreaterThanOrEqual(0);
  expect(eventLoopUtilization).toBeGreaterThan(0.3);
});

test("a watch that saw no timer says so", () => {
  using watch = new LoopWatch();
  expect(watch.read().loopDelayMs).toBeNull();
});
