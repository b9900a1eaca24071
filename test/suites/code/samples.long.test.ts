import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sampleLineSchema, samplesFile } from "../../../bench/workload/sample-line.ts";
import { cellSummaries, episodesOf, TemporaryFolder, tollgate } from "../../e2e/tollgate-process.ts";
import { fileWith } from "./formats/data-files.ts";
import { experiment, five, swept } from "./swept.ts";

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
  // One episode's page says why, too.
  const failed = samples.find(({ passed }) => passed === false);
  const shown = await tollgate(["inspect", run, failed?.episodeId ?? ""]);
  expect(shown.stdout).toContain('"verdict":"exception","answerRule":"fence","message":"NotImplementedError');
  const shares = [0, 1, 2, 3, 4].map(
    (id) => samples.filter(({ taskId, passed }) => taskId === `Test/${id}` && passed).length / 5,
  );
  const [one, all] = report.passAtK.cells[0].rows;
  expect(one.mean.value).toBeCloseTo(shares.reduce((sum, share) => sum + share, 0) / 5, 12);
  expect(all.mean.value).toBeCloseTo(shares.filter((share) => share > 0).length / 5, 12);
  // Neither the engine's knowledge nor the tests are left in the run's own files of what was sent.
  expect(readFileSync(join(run, "run.json"), "utf8")).not.toContain("return x +");
});

test("answers that a limit of tokens has cut are counted apart, and whoever looks at the scores is told", async () => {
  using folder = new TemporaryFolder();
  fileWith(folder.path, five, "mine.jsonl");
  const file = experiment(folder.path, "dataset: humaneval, file: mine.jsonl, trials: 2");
  const { run, shown } = await swept(folder.path, [file, "--set", "sampling.maxTokens=12"]);
  const [terminal, markdown, html] = shown;
  for (const text of [terminal, markdown, html])
    expect(text?.replaceAll(/\s+/g, " ")).toContain("10 of 10 answers were cut at a limit of tokens");
  expect(terminal).toContain("sampling.maxTokens");
  const cellId = Object.keys(cellSummaries(run))[0] ?? "";
  const lines = readFileSync(join(run, "evidence", cellId, "s0", samplesFile), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => sampleLineSchema.parse(JSON.parse(line)).finishReason)).toEqual(
    lines.map(() => "length"),
  );
  expect(episodesOf(run).filter(({ reward }) => reward !== 0)).toEqual([]);
});
