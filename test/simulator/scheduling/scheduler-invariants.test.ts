import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Scheduler } from "../../../bench/simulator/scheduling/scheduler.ts";
import type { ScheduledSequence } from "../../../bench/simulator/scheduling/sequence.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const request = fc.record({
  prompt: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 12 }),
  outputs: fc.integer({ min: 1, max: 6 }),
  /** Tokens after which its client goes away. */
  abortAt: fc.option(fc.integer({ min: 1, max: 6 })),
});

test("whatever comes, requests start in order, fit into memory, and leave nothing behind", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 12 }), fc.boolean(), async (requests, radixCache) => {
      const [poolTokens, maxRunningRequests] = [24, 3];
      const started: ScheduledSequence[] = [];
      const check = () => {
        expect(scheduler.runningCount).toBeLessThanOrEqual(maxRunningRequests);
        // Every request here fits alone, so the pool is never overbooked.
        expect(scheduler.usedTokens).toBeLessThanOrEqual(poolTokens);
      };
      const scheduler = new Scheduler(
        {
          maxRunningRequests,
          prefillTokensPerSecond: 1000,
          decodeStepMs: 1,
          decodeStepMsPerRequest: 0,
          prefillStepMs: 0,
          hostStepMs: 0,
          hostStepMsPerRequest: 0,
          radixCache,
          poolTokens,
          chunkedPrefillSize: 5,
          slowFactor: () => 1,
        },
        () => Date.now() * 1e6,
        {
          queued: (scheduled) => void started.push(scheduled),
          prefillBegan: check,
          prefillEnded: check,
          prefilled: check,
          token: check,
          decoded: check,
          finished: check,
        },
      );
      const finishes: string[] = [];
      const all = requests.map(({ prompt, outputs, abortAt }, index) => {
        const scheduled: ScheduledSequence = scheduler.submit({
          id: String(index),
          promptIds: Int32Array.from(prompt),
          outputIds: new Int32Array(outputs).fill(7),
          finish: { type: "length", length: outputs },
          streamed: true,
          counted: true,
          arrivalNs: 0,
          onToken: (count) => {
            if (count === abortAt) scheduler.abort(scheduled, "gone");
          },
          onFinish: ({ type }) => void finishes.push(type),
        });
        return scheduled;
      });
      await vi.runAllTimersAsync();
      expect(started).toEqual(all);
      expect(all.map(({ produced }) => produced)).toEqual(
        requests.map(({ outputs, abortAt }) => Math.min(outputs, abortAt ?? outputs)),
      );
      expect(finishes.length).toBe(requests.length);
      expect([scheduler.runningCount, scheduler.queuedCount, scheduler.usedTokens]).toEqual([0, 0, 0]);
      expect(scheduler.flush()).toBe(true);
    }),
    { numRuns: 150 },
  );
});
