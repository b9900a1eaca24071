import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startTogether } from "../../bench/stack/start-together.ts";

const forever = new AbortController().signal;

test("all that start are known by their names", async () => {
  const starts = { agent: () => Promise.resolve(1), user: () => sleep(5, 2) };
  expect(await startTogether(starts, forever)).toEqual({ agent: 1, user: 2 });
});

test("the first failure is thrown, the others' wait ends, and everyone has come to an end by then", async () => {
  const ended: string[] = [];
  const waiting = async (signal: AbortSignal) => {
    try {
      return await sleep(60_000, 0, { signal });
    } finally {
      ended.push("waiting");
    }
  };
  // One that cannot be interrupted comes up nevertheless, and must not be forgotten while it runs.
  const stubborn = async () => {
    await sleep(50);
    ended.push("stubborn");
    return 0;
  };
  const failing = () => Promise.reject(new Error("no GPU"));
  await expect(startTogether({ waiting, stubborn, failing }, forever)).rejects.toThrow("no GPU");
  expect(ended).toEqual(["waiting", "stubborn"]);
});

test("who stops the start from outside is the reason", async () => {
  const stop = new AbortController();
  const one = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  const starting = startTogether({ one, other: one }, stop.signal);
  stop.abort(new Error("^C"));
  await expect(starting).rejects.toThrow("^C");
});
