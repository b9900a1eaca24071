import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { passAtKReport } from "../../../bench/analysis/scores/pass-at-k-report.ts";
import { scriptedKnowledge } from "../../../bench/simulator/policy/scripted-knowledge.ts";
import { loadDataset } from "../../../suites/code/formats/datasets.ts";
import { judgeAnswer } from "../../../suites/code/judging/judge-answer.ts";
import { knowledgeOf } from "../../../suites/code/knowledge.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { factoryOf } from "../../sandbox/kinds.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";
import { type JudgingPlace, judgingPlace } from "./execution/judging-place.ts";

const { problems } = await loadDataset({ dataset: "own" });
const finishReason = "stop";

async function anyPlace(context: TestContext): Promise<JudgingPlace> {
  using probe = new TemporaryFolder();
  return judgingPlace((await factoryOf("bwrap", probe.path)) === null ? "unshare" : "bwrap", context);
}

test("every solution of ours passes its tests, and every wrong one fails them, however an answer is written", async (context) => {
  using place = await anyPlace(context);
  const lines = knowledgeOf(problems).trimEnd().split("\n");
  expect(lines).toHaveLength(20);
  for (const [index, line] of lines.entries()) {
    const { good, bad } = JSON.parse(line) as { good: { text: string }; bad: { text: string }[] };
    const problem = problems[index]?.problem;
    if (problem === undefined) throw new Error("a line without a problem");
    const judge = async (text: string, name: string) =>
      await judgeAnswer(problem, { text, finishReason }, { ...place.context, name: `own-${index}-${name}` });
    const right = await judge(good.text, "good");
    expect({ id: problem.id, verdict: right.verdict, why: right.message }).toMatchObject({
      verdict: "passed",
    });
    expect(bad.length).toBeGreaterThanOrEqual(2);
    for (const [at, { text }] of bad.entries()) {
      const { passed, verdict } = await judge(text, `bad-${at}`);
      // A fault of the sandbox would not be a failed program.
      expect({ id: problem.id, at, passed, verdict }).toMatchObject({
        passed: false,
        verdict: expect.stringMatching(/^(wrong-answer|exception)$/),
      });
    }
  }
});

const p = 0.3;
const samples = 50;
const seeds = 100;

test(`of ${seeds} simulated models that are right with ${p}, the 95 % interval of pass@1 holds that for 90 or more`, async (context) => {
  using folder = new TemporaryFolder();
  using place = await anyPlace(context);
  const data = join(folder.path, "knowledge.jsonl");
  writeFileSync(data, knowledgeOf(problems));
  const verdicts = new Map<string, boolean | null>();
  const cell = plannedCell("raw", problems.length * samples);
  const summary = { cellId: cell.cellId, arm: "raw", load: "closed:1", reasons: [] };
  const options = {
    role: "agent",
    data: [data],
    domains: [],
    schemas: null,
    errorRate: 0,
    drop: [],
  } as const;
  let held = 0;
  const means: number[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const policy = scriptedKnowledge({ ...options, seed, correct: p });
    const episodes = [];
    for (const { problem, ask, group } of problems)
      for (let trial = 0; trial < samples; trial += 1) {
        const turns = [{ role: "user", text: ask, calls: [] }];
        const { text } = policy({ tools: [], turns }, null, 1 + trial);
        const key = JSON.stringify([problem.id, text]);
        // Judged once: the same program at the same tests.
        if (!verdicts.has(key)) {
          const name = `seen-${verdicts.size}`;
          verdicts.set(
            key,
            (await judgeAnswer(problem, { text, finishReason }, { ...place.context, name })).passed,
          );
        }
        const passed = verdicts.get(key) ?? null;
        episodes.push(
          buildEpisode(cell, episodes.length, {
            domain: group,
            taskId: problem.id,
            trial,
            reward: passed === null ? null : Number(passed),
            scores: [{ name: "passed", value: passed === null ? null : Number(passed), passed }],
          }),
        );
      }
    const row = passAtKReport([1], [{ summary, latencies: new Map() }], episodes)?.cells[0]?.rows[0];
    const { value = null, low = null, high = null, count = 0 } = row?.mean ?? {};
    expect(count).toBe(problems.length);
    means.push(value ?? Number.NaN);
    if (low !== null && high !== null && low <= p && p <= high) held += 1;
  }
  expect(verdicts.size).toBe(60);
  expect(held).toBeGreaterThanOrEqual(90);
  // And no interval is so wide that it would hold anything: the mean over all seeds is p to four standard errors.
  expect(Math.abs(means.reduce((sum, one) => sum + one, 0) / seeds - p)).toBeLessThan(
    4 * Math.sqrt((p * (1 - p)) / (seeds * samples * problems.length)),
  );
  await context.annotate(`${held} of ${seeds} intervals hold ${p}`);
});
