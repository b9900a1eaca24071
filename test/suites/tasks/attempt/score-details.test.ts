import { expect, test } from "vitest";
import type { Observation } from "../../../../suites/tasks/contract/observation.ts";
import { scoreDetails } from "../../../../suites/tasks/attempt/score-details.ts";
import { attempt, score } from "../attempts/fixtures.ts";

const finding = (
  type: string,
  value: number | null,
  points: { earned: number; possible: number } | null,
) => ({
  at: `outputs[0].${type}`,
  type,
  value,
  points,
  detail: `<i>${type}</i>`,
});
const observation: Observation = {
  ...attempt({ taskId: "one" }).observation,
  findings: [
    finding("file-exists", 1, { earned: 30, possible: 30 }),
    finding("content-contains", 0.25, { earned: 10, possible: 40 }),
    finding("response-contains-analysis", null, null),
  ],
};

test("each finding is met, not met, or not decided, and never one for the other", () => {
  const { findings, files_changed: files } = scoreDetails(score(), observation);
  expect(findings).toMatchObject([
    { met: true, points: "30 of 30" },
    { met: false, points: "10 of 40" },
    { worth: "not decided" },
  ]);
  expect(findings[2]).not.toHaveProperty("met");
  expect(files).toEqual([{ turn: 1, files: "list.md" }]);
});
