import { expect, test } from "vitest";
import { episodeCheckOf, episodeFinding } from "../../../bench/preflight/checks/episode.ts";
import { notStarted } from "../../../bench/workload/not-started.ts";
import type { EpisodeResult } from "../../../bench/workload/workload.ts";

const facts = notStarted(null);
const score = (value: number | null) => ({
  name: "reward",
  value,
  passed: value === 1,
  parts: null,
  details: null,
});
const ended = (
  termination: string,
  value: number | null,
  terminationDetail: string | null = null,
): EpisodeResult => ({
  ...facts,
  status: "completed",
  termination,
  terminationDetail,
  scores: [score(value)],
});

const played = { taskId: "7", requests: 4, seconds: 1.5 };

test.each<[status: string, what: RegExp, result: EpisodeResult]>([
  ["ok", /^task 7: user_stop, reward 1, 4 requests, 1\.5 s$/, ended("user_stop", 1)],
  ["ok", /reward 0/, ended("max_steps", 0)],
  ["ok", /reward not judged/, ended("user_stop", null)],
  [
    "warning",
    /agent_error, reward 0.*: two calls have one id/,
    ended("agent_error", 0, "two calls have one id"),
  ],
  ["warning", /timed-out/, { ...facts, status: "timed-out", scores: [score(0)], afterMs: 1000 }],
  [
    "warning",
    /^task 7 failed after 4 requests and 1\.5 s: user-engine: no task data$/,
    notStarted({ class: "user-engine", message: "no task data" }),
  ],
  ["failed", /: tool-server: no socket$/, notStarted({ class: "tool-server", message: "no socket" })],
  ["not checked", /cancelled/, facts],
])("%s: %s", (status, what, result) => {
  const finding = episodeFinding("arm raw", { ...played, result, failuresMax: 5 });
  expect(finding).toMatchObject({ on: "arm raw", status, what: expect.stringMatching(what) });
  expect(finding.change === null).toBe(status === "ok" || status === "not checked");
});

test("where nothing stops the run by itself, an episode that a server failed is no warning", () => {
  const result = notStarted({ class: "engine", message: "it ended" });
  const statusWith = (failuresMax: number) =>
    episodeFinding("arm raw", { ...played, result, failuresMax }).status;
  expect([statusWith(0), statusWith(1)]).toEqual(["failed", "warning"]);
});

test("a check that was left out has no finding, and says so", () => {
  expect(episodeCheckOf(null)).toMatchObject({ name: "episode", skipped: true, findings: [] });
  expect(episodeCheckOf([])).toMatchObject({ skipped: false });
});
