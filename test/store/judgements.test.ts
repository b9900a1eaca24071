import { expect, test } from "vitest";
import { judgedTrajectory, judgementOf, type Judgement } from "../../bench/store/judgements.ts";
import { buildAttempt, buildEpisode, plannedCell } from "./run-builder.ts";
import { trajectoryOf } from "../../bench/store/trajectory.ts";

const cell = plannedCell("raw", 1);
const episode = buildEpisode(cell, 0, { attemptKey: "a1", labels: ["unjudged", "prompt-stock"] });
const judgement: Judgement = {
  v: 1,
  episodeId: episode.episodeId,
  attemptKey: "a1",
  at: "2026-11-21T13:00:00.000Z",
  model: "m",
  url: "http://127.0.0.1:1/v1",
  entries: [],
  complete: true,
  reward: 0,
  rewardInfo: { reward: 0 },
};
const judgements = new Map([[episode.episodeId, judgement]]);

test("a judgement is of one attempt: after a redo it counts no more", () => {
  expect(judgementOf(episode, judgements)).toBe(judgement);
  expect(judgementOf({ ...episode, attemptKey: "a2" }, judgements)).toBeNull();
  expect(judgementOf({ episodeId: "another", attemptKey: "a1" }, judgements)).toBeNull();
});

test("a judged trajectory has the judge's reward and says that it was judged", () => {
  const { trajectory } = trajectoryOf(episode, buildAttempt("a1"));
  const judged = judgedTrajectory(trajectory, judgements);
  expect([judged.reward, judged.rewardInfo, judged.labels]).toEqual([
    0,
    { reward: 0 },
    ["prompt-stock", "judged"],
  ]);
  expect(judged.messages).toBe(trajectory.messages);
  expect(judgedTrajectory(trajectory, new Map())).toBe(trajectory);
});
