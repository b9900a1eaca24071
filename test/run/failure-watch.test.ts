import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FailureWatch } from "../../bench/run/failure-watch.ts";

const end = (arm: string, name: string | null, message = "500") => ({
  arm,
  cellId: `c1-r0-${arm}`,
  failure: name === null ? null : { class: name, message },
});

function watched(limit: number, ...ends: readonly (ReturnType<typeof end> | null)[]): FailureWatch {
  const watch = new FailureWatch(limit);
  for (const one of ends) watch.ended(one);
  return watch;
}

describe("failures in a row", () => {
  const failed = end("raw", "engine");
  const good = end("raw", null);

  test.each([
    ["as many as the limit", 3, [failed, failed, failed], true],
    ["one less", 3, [failed, failed], false],
    ["a good end in between", 3, [failed, failed, good, failed, failed], false],
    ["a cancelled attempt in between says nothing", 3, [failed, failed, null, failed], true],
    ["over two cells and arms", 2, [failed, end("gateway", "engine")], true],
    ["of several classes", 2, [end("gateway", "gateway"), end("gateway", "engine")], true],
    ["never, with 0", 0, Array.from({ length: 50 }, () => failed), false],
    ["at once, with 1", 1, [failed], true],
  ])("%s", (...[, limit, ends, stopped]) => {
    const watch = watched(limit, ...ends);
    expect(watch.runStopped).toBe(stopped);
    expect(watch.admits("raw")).toBe(!stopped);
  });

  test("the message names count, class, cell, first message and what to look at", () => {
    const [stop] = watched(
      2,
      end("raw", "user-engine", "not loaded"),
      end("raw", "user-engine", "again"),
    ).stops;
    expect(stop?.message).toMatch(
      /^2 episodes in a row failed \(limits\.failures\).*: 2 user-engine, the first in cell c1-r0-raw: not loaded\nLook at the user's engine/,
    );
  });
});

describe("a gateway that fails", () => {
  const failed = end("gateway", "gateway", "502");

  test("gives up its own arm only; the others have a count of their own", () => {
    const watch = watched(2, failed, failed, end("raw", "engine"));
    expect([watch.admits("gateway"), watch.admits("raw"), watch.runStopped]).toEqual([false, true, false]);
    watch.ended(end("raw", "engine"));
    expect(watch.runStopped).toBe(true);
    expect(watch.stops.map(({ arm }) => arm)).toEqual(["gateway", null]);
  });

  test("what was in flight in an arm that was given up counts for nobody", () => {
    expect(watched(2, failed, failed, failed, failed).runStopped).toBe(false);
  });

  test("a death explains what failed until then, and gives nothing back that was given up", () => {
    const watch = watched(2, failed, failed, end("raw", "engine"));
    watch.explained();
    watch.ended(end("raw", "engine"));
    expect([watch.admits("gateway"), watch.runStopped]).toEqual([false, false]);
  });
});

test("it stops exactly when the longest row reaches the limit, in one arm", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), fc.integer({ min: 1, max: 5 }), (ends, limit) => {
      const watch = watched(limit, ...ends.map((isGood) => end("raw", isGood ? null : "tap")));
      const rows = ends.map((isGood) => (isGood ? " " : "x")).join("");
      expect(watch.runStopped).toBe(rows.includes("x".repeat(limit)));
    }),
  );
});
