import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Sink, SinkEvent, SinkLimits } from "../../bench/sink/sink.ts";
import { SinkQueue } from "../../bench/sink/sink-queue.ts";
import { sinkEvents } from "./sink-events.ts";

/** Pushes a small run into a queue and closes it: what came out, what was said, how often the sink was called and when. */
async function runInto(
  sink: Partial<Sink>,
  { limits, episodes = 3 }: { readonly limits?: Partial<SinkLimits>; readonly episodes?: number } = {},
) {
  const taken: SinkEvent["type"][] = [];
  const told: string[] = [];
  let calls = 0;
  const whole: Sink = {
    take: async (event, signal) => {
      calls += 1;
      await sink.take?.(event, signal);
      taken.push(event.type);
    },
    close: sink.close ?? (async () => undefined),
  };
  const queue = new SinkQueue({
    name: "probe",
    open: async () => whole,
    tell: (line) => told.push(line),
    ...(limits !== undefined && { limits }),
  });
  for (const event of sinkEvents(episodes)) queue.push(event);
  const callsWhilePushing = calls;
  const loss = await queue.close();
  return { taken, told, loss, calls, callsWhilePushing };
}

const never = async () => new Promise<never>(() => undefined);
const inOrder = ["run-started", "episode", "episode", "episode", "cell", "run-ended"];

test("every event arrives in its order, and nothing is said", async () => {
  expect(await runInto({})).toMatchObject({ taken: inOrder, told: [], loss: null });
});

test("a sink that throws: said once, counted by kind of event, and the next events still come", async () => {
  let calls = 0;
  const { taken, told, loss } = await runInto({
    take: async ({ type }) => {
      calls += 1;
      if (type === "episode") throw new Error("no such table");
    },
  });
  expect([calls, taken]).toEqual([6, ["run-started", "cell", "run-ended"]]);
  expect(told).toEqual([expect.stringMatching(/^sink probe could not be given the event episode: no such/)]);
  expect(loss).toBe("sink probe: 3 of 6 events delivered. 3 episode failed");
});

test("a sink that throws before it returns a promise does no more harm", async () => {
  const broken = {
    take: () => {
      throw new Error("at once");
    },
  };
  expect((await runInto(broken)).loss).toContain("0 of 6 events delivered");
});

test("a sink that hangs costs each event its limit, the end of the run the drain, and no push anything", async () => {
  const { taken, told, loss, calls, callsWhilePushing } = await runInto(
    { take: never, close: never },
    { limits: { callMs: 60, drainMs: 150 } },
  );
  expect([taken, told.length]).toEqual([[], 1]);
  expect(told[0]).toContain("no answer within 60 ms");
  expect(loss).toMatch(/^sink probe: 0 of 6 events delivered\..*not delivered before the time was up/);
  // The run is held up by none, and at its end by two or three: after those the time is up.
  expect(callsWhilePushing).toBe(0);
  expect(calls).toBeLessThanOrEqual(3);
});

test("a slow sink holds up nobody: what waits is bounded, what is dropped is counted, the last event stays", async () => {
  const slow = async () => new Promise<void>((resolve) => setTimeout(resolve, 5));
  const { taken, loss, callsWhilePushing } = await runInto(
    { take: slow },
    { limits: { waitingMax: 4 }, episodes: 20 },
  );
  expect(taken).toEqual(["run-started", "episode", "episode", "episode", "run-ended"]);
  expect(loss).toBe(
    "sink probe: 5 of 23 events delivered. 17 episode dropped, because too many waited; 1 cell dropped, because too many waited",
  );
  expect(callsWhilePushing).toBe(0);
});

test("a sink that cannot be opened: said once with the reason, and all its events are counted", async () => {
  const told: string[] = [];
  const queue = new SinkQueue({
    name: "probe",
    open: async () => Promise.reject(new Error("connect ECONNREFUSED")),
    tell: (line) => told.push(line),
  });
  for (const event of sinkEvents(1)) queue.push(event);
  expect(await queue.close()).toContain("0 of 4 events delivered");
  expect(told).toEqual([expect.stringContaining("could not be opened: connect ECONNREFUSED")]);
});

test("the sink's signal says when nobody waits any more", async () => {
  const aborted: boolean[] = [];
  await runInto(
    {
      take: async (_, signal) => {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        aborted.push(signal.aborted);
      },
    },
    { limits: { callMs: 20, drainMs: 1_000 }, episodes: 0 },
  );
  expect(aborted).toEqual([true, true, true]);
});

test("whatever a sink does, each event is delivered or counted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("ok", "throws", "hangs"), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 5 }),
      async (behaviours, waitingMax) => {
        let call = 0;
        const { taken, loss } = await runInto(
          {
            take: async () => {
              const behaviour = behaviours[call++ % behaviours.length];
              if (behaviour === "throws") throw new Error("no");
              if (behaviour === "hangs") await never();
            },
          },
          { limits: { waitingMax, callMs: 4, drainMs: 5_000 }, episodes: 4 },
        );
        const counted = [...(loss ?? "").matchAll(/(\d+) (?:run-started|episode|cell|run-ended) /g)];
        expect(taken.length + counted.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(7);
      },
    ),
    { numRuns: 30 },
  );
});
