import { expect, test } from "vitest";
import {
  attemptLine,
  attemptLineSchema,
  type AttemptLine,
} from "../../../../suites/tasks/attempts/attempt-line.ts";
import { attempt } from "./fixtures.ts";

test("a line is read as it was written, the task with all of its fields", () => {
  const written: AttemptLine = attempt({ taskId: "tidy-notes" });
  const text = attemptLine(written);
  expect(text.endsWith("\n")).toBe(true);
  const read = attemptLineSchema.parse(JSON.parse(text));
  expect(read.observation.task).toEqual(JSON.parse(JSON.stringify(written.observation.task)));
  expect(read.score).toEqual(written.score);
});

test("a line of an attempt that nobody scored has no score, and one without the word is refused", () => {
  const unscored = { ...attempt({ taskId: "a" }), score: null };
  expect(attemptLineSchema.parse(JSON.parse(attemptLine(unscored))).score).toBeNull();
  const { score: _, ...without } = unscored;
  expect(attemptLineSchema.safeParse(without).success).toBe(false);
});
