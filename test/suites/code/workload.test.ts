import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { sampleLineSchema, samplesFile } from "../../../bench/workload/sample-line.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  TemporaryFolder,
  tollgate,
} from "../../e2e/tollgate-process.ts";
import { fileWith, humanevalRow, jsonLines } from "./formats/data-files.ts";

const five = jsonLines([0, 1, 2, 3, 4].map((id) => humanevalRow(id)));

/** One arm, a fast engine, and no other setting than what is given. */
function experiment(folder: string, workload: string): string {
  const text = `name: code-test
stack: {kind: embedded, agent: {decodeStepMs: 0.5}}
arms: [{kind: raw}]
agent: {kind: chat}
sampling: {temperature: 0.2}
workload: {kind: code, ${workload}}
sweep: {concurrency: [2]}
`;
  return fileWith(folder, text, "experiment.yaml");
}

async function swept(folder: string, args: readonly string[]) {
  const finished = await tollgate(["sweep", ...args, "--out", join(folder, "runs")]);
  expectExit(finished, 0);
  const run = finished.stdout.trim().split("\n").at(-1) ?? "";
  const read = (name: string) => readFileSync(join(run, "report", name), "utf8");
  const shown = [finished.stdout, read("report.md"), read("report.html"), read("report.json")];
  return { run, shown, report: JSON.parse(read("report.json")) };
}

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

test("every sample is written down with its text, rule and verdict, and all figures follow from these lines", async () => {
  using folder = new TemporaryFolder();
  fileWith(folder.path, five, "mine.jsonl");
  const { run, report } = await swept(folder.path, [
    experiment(
      folder.path,
      "dataset: humaneval, file: mine.jsonl, trials: 5, passAtK: [1, 5], simulated: {correct: 0.5}",
    ),
  ]);
  const cellId = Object.keys(cellSummaries(run))[0] ?? "";
  const text = readFileSync(join(run, "evidence", cellId, "s0", samplesFile), "utf8");
  const samples = text
    .trimEnd()
    .split("\n")
    .map((line) => sampleLineSchema.parse(JSON.parse(line)));
  expect(samples).toHaveLength(25);
  for (const { taskId, text: said, passed, verdict, finishReason, answerRule, details } of samples) {
    const number = taskId.slice(-1);
    // A text with the solution is right, and no other: the engine and the tests know nothing of each other.
    expect([taskId, passed, verdict]).toEqual(
      said.includes(`return x + ${number}`) ? [taskId, true, "passed"] : [taskId, false, "exception"],
    );
    expect([finishReason, answerRule === null]).toEqual(["stop", false]);
    expect(details).toMatchObject({ python: expect.stringMatching(/^3\./), group: "humaneval" });
  }
  const shares = [0, 1, 2, 3, 4].map(
    (id) => samples.filter(({ taskId, passed }) => taskId === `Test/${id}` && passed).length / 5,
  );
  const [one, all] = report.passAtK.cells[0].rows;
  expect(one.mean.value).toBeCloseTo(shares.reduce((sum, share) => sum + share, 0) / 5, 12);
  expect(all.mean.value).toBeCloseTo(shares.filter((share) => share > 0).length / 5, 12);
  // Neither the engine's knowledge nor the tests are left in the run's own files of what was sent.
  expect(readFileSync(join(run, "run.json"), "utf8")).not.toContain("return x +");
});
