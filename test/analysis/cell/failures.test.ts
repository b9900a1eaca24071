import * as fc from "fast-check";
import { expect, test } from "vitest";
import { agentErrors, failureGroups, whyFailing } from "../../../bench/analysis/cell/failures.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

const cell = plannedCell("raw", 40);
const ok = (index: number) => buildEpisode(cell, index);
const failed = (index: number, name: string, message = "500"): EpisodeRecord =>
  buildEpisode(cell, index, { status: "failed", reward: null, failure: { class: name, message } });

/** A cell of `finished` episodes, the first `count` of which failed. */
function why(count: number, finished: number, share = 0.05): string | null {
  const episodes = Array.from({ length: finished }, (_, at) => (at < count ? failed(at, "engine") : ok(at)));
  return whyFailing(finished, failureGroups(episodes), share);
}

test.each<{ failed: number; of: number; share?: number; is: boolean }>([
  { failed: 0, of: 0, is: false },
  { failed: 0, of: 3, share: 0, is: false },
  { failed: 1, of: 1, is: true },
  { failed: 1, of: 3, is: true },
  { failed: 1, of: 19, is: true },
  { failed: 1, of: 20, is: false },
  { failed: 1, of: 30, is: false },
  { failed: 2, of: 30, is: true },
  { failed: 1, of: 30, share: 0, is: true },
  { failed: 30, of: 30, share: 1, is: false },
])("$failed of $of failed: failing is $is", ({ failed: count, of, share, is }) => {
  expect(why(count, of, share) !== null).toBe(is);
});

test("the reason names count, classes and the first message", () => {
  const episodes = [
    ok(0),
    failed(1, "tool-server", "gone"),
    failed(2, "engine", "500\n  busy"),
    failed(3, "engine"),
  ];
  expect(whyFailing(4, failureGroups(episodes), 0.05)).toBe(
    "3 of 4 episodes failed (limits.failedShare 5 %): 2 engine, 1 tool-server, first engine: 500 busy",
  );
  expect(why(2, 3)).toBe("2 of 3 episodes failed (limits.failedShare 5 %): 2 engine, first: 500");
});

test("a message is one line without control characters", () => {
  const [group] = failureGroups([failed(0, "engine", "\u001b[31mno\r\n\tidea\u0007")]);
  expect(group?.message).toBe("[31mno idea");
});

test("a page of an answer is cut", () => {
  const [group] = failureGroups([failed(0, "engine", "x".repeat(10_000))]);
  expect(group?.message).toBe(`${"x".repeat(300)}…`);
});

test("agent errors are told with their cause, and do not make a cell failing", () => {
  const end = { termination: "agent_error", terminationDetail: "the answer has no message", reward: 0 };
  const episodes = [
    ok(0),
    buildEpisode(cell, 1, end),
    buildEpisode(cell, 2, { ...end, terminationDetail: null }),
  ];
  expect(agentErrors(episodes)).toEqual([
    { class: "agent_error", count: 1, message: end.terminationDetail, episodeId: cell.episodeIds[1] },
  ]);
  expect(failureGroups(episodes)).toEqual([]);
});

test("every failed episode is in one group, whatever the order", () => {
  const classes = fc.constantFrom("engine", "gateway", "tap", null);
  fc.assert(
    fc.property(fc.array(classes, { maxLength: 40 }), (ends) => {
      const groups = failureGroups(ends.map((name, at) => (name === null ? ok(at) : failed(at, name))));
      const expected = ends.filter((name) => name !== null).length;
      expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(expected);
      expect(new Set(groups.map((group) => group.class)).size).toBe(groups.length);
      expect(groups.map(({ count }) => count)).toEqual(
        groups.map(({ count }) => count).toSorted((a, b) => b - a),
      );
    }),
  );
});
