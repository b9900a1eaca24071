import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadline, Timer } from "../../bench/measure/deadline.ts";
import { heapGrowthBytes } from "./heap-growth.ts";

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

test("a deadline ends with the first of the others, with its reason, and then it was not the time", () => {
  const others = [new AbortController(), new AbortController()];
  using deadline = new Deadline(5, ...others.map(({ signal }) => signal));
  others[1]?.abort("second");
  others[0]?.abort("first");
  vi.advanceTimersByTime(10);
  expect([deadline.signal.reason, deadline.over]).toEqual(["second", false]);
  using late = new Deadline(5, AbortSignal.abort("before"));
  expect([late.signal.reason, late.over]).toEqual(["before", false]);
  const after = new AbortController();
  using timed = new Deadline(5, after.signal);
  vi.advanceTimersByTime(5);
  after.abort("after");
  expect([timed.signal.reason, timed.over]).toEqual([
    expect.objectContaining({ name: "TimeoutError" }),
    true,
  ]);
});

test("nothing of a deadline stays at a signal that lives as long as a run", async () => {
  vi.useRealTimers();
  const run = new AbortController();
  const growth = await heapGrowthBytes((times) => {
    for (let at = 0; at < times; at += 1) {
      using deadline = new Deadline(60_000, run.signal);
      deadline.signal.addEventListener("abort", () => undefined);
    }
  }, 20_000);
  // Of `AbortSignal.any([run.signal, …])` more than 20 MB stay.
  expect(growth).toBeLessThan(500_000);
});

test("AbortSignal.any is only where it is called a few times in a run", () => {
  const callers = sources.filter(([, text]) => text.includes("AbortSignal.any(")).map(([path]) => path);
  expect(callers.sort()).toEqual([
    "bench/agent/openclaw/gateway-process.ts",
    "bench/docker/images.ts",
    "bench/run/run.ts",
    "bench/run/segment.ts",
    "bench/stack/start-together.ts",
  ]);
});

/** Product files with their text. */
const sources = ["bench", "suites"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => [`${folder}/${name}`, readFileSync(join(folder, name), "utf8")] as const),
);
