import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { episodesOf, TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { fileWith } from "./formats/data-files.ts";
import { experiment, five, swept } from "./swept.ts";

test("a user's file of five problems is run whole, and says 5/5; of the first three everything says 3/5, partial", async () => {
  using folder = new TemporaryFolder();
  fileWith(folder.path, gzipSync(five), "mine.jsonl.gz");
  const file = experiment(
    folder.path,
    "dataset: humaneval, file: mine.jsonl.gz, trials: 4, passAtK: [1, 4], simulated: {correct: 0.5}",
  );
  const whole = await swept(folder.path, [file]);
  for (const text of whole.shown) expect(text).toContain("5/5");
  for (const text of whole.shown) expect(text).not.toMatch(/\d, partial/);
  const part = await swept(folder.path, [file, "--limit", "3"]);
  for (const text of part.shown) expect(text).toContain("3/5, partial");
  for (const text of part.shown) expect(text).not.toMatch(/\b5\/5\b/);

  // The first three are the same episodes in both runs, with the same verdicts.
  const outcome = ({ taskId, trial, reward }: { taskId: string; trial: number; reward: number | null }) =>
    `${taskId} ${trial} ${reward}`;
  const firstThree = episodesOf(whole.run).filter(({ taskId }) => /[012]$/.test(taskId));
  expect(new Set(episodesOf(part.run).map(outcome))).toEqual(new Set(firstThree.map(outcome)));
  expect(new Set(episodesOf(part.run).map(({ episodeId }) => episodeId))).toEqual(
    new Set(firstThree.map(({ episodeId }) => episodeId)),
  );
});
