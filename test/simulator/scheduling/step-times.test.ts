import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Scheduler, type SchedulerOptions } from "../../../bench/simulator/scheduling/scheduler.ts";

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const free: SchedulerOptions = {
  maxRunningRequests: 8,
  prefillTokensPerSecond: 1000,
  decodeStepMs: 10,
  decodeStepMsPerRequest: 0,
  prefillStepMs: 0,
  hostStepMs: 0,
  hostStepMsPerRequest: 0,
  radixCache: false,
  poolTokens: 1000,
  chunkedPrefillSize: 100,
  slowFactor: () => 1,
};

/** Milliseconds at which the tokens of equal requests come, which have 20 prompt tokens and 3 generated ones; all are sent at 0. */
async function tokenMs(options: Partial<SchedulerOptions>, requests: number): Promise<number[][]> {
  const nothing = () => undefined;
  const observer = {
    queued: nothing,
    prefillBegan: nothing,
    prefillEnded: nothing,
    prefilled: nothing,
    token: nothing,
    decoded: nothing,
    finished: nothing,
  };
  const scheduler = new Scheduler({ ...free, ...options }, () => Date.now() * 1e6, observer);
  const all = Array.from({ length: requests }, (_, index) => {
    const stamps: number[] = [];
    scheduler.submit({
      id: String(index),
      promptIds: new Int32Array(20).fill(index),
      outputIds: new Int32Array(3),
      finish: { type: "length", length: 3 },
      streamed: true,
      counted: true,
      arrivalNs: 0,
      onToken: (_count, nowNs) => void stamps.push(nowNs / 1e6),
      onFinish: nothing,
    });
    return stamps;
  });
  await vi.runAllTimersAsync();
  return all;
}

test.each<[string, Partial<SchedulerOptions>, number[]]>([
  ["tokens alone", {}, [20, 30, 40]],
  ["a time for each prefill step", { prefillStepMs: 5 }, [25, 35, 45]],
  ["a time of the host for every step", { hostStepMs: 2 }, [22, 34, 46]],
  [
    "a time of the host for each request",
    { hostStepMs: 2, hostStepMsPerRequest: 3, prefillStepMs: 5 },
    [30, 45, 60],
  ],
  [
    "an engine that is slow in all of it",
    { prefillStepMs: 5, hostStepMs: 2, slowFactor: () => 2 },
    [54, 78, 102],
  ],
])("one request, %s", async (_name, options, expected) => {
  expect(await tokenMs(options, 1)).toEqual([expected]);
});

test("what a request of the batch costs is counted once for each of them, in prefill and decode", async () => {
  // Prefill of the first: 5 + 20 + 2 + 3. Of the two others together: 5 + 40 + 2 + 6. A decode step of three: 10 + 2 + 9.
  const options = { prefillStepMs: 5, hostStepMs: 2, hostStepMsPerRequest: 3 };
  expect(await tokenMs(options, 3)).toEqual([
    [30, 104, 125],
    [83, 104, 125],
    [83, 104, 125],
  ]);
});
