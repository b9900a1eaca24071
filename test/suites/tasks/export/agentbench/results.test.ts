import { expect, test } from "vitest";
import { agentBenchResults } from "../../../../../suites/tasks/export/agentbench/results.ts";
import { reportMarkdown } from "../../../../../suites/tasks/export/agentbench/report-md.ts";
import { shownTasks } from "../../../../../suites/tasks/export/agentbench/shown-task.ts";
import { servingCost, taskTrial, threeTasks, triedRun } from "../trial-builder.ts";

const settings = { strict: false, runId: "20261129-010203", serving: servingCost };

test("domains count alike, whatever the number of their tasks", () => {
  const results = agentBenchResults(triedRun, taskTrial(), settings);
  expect(results.domain_scores).toEqual({ "file-creation": 70, "multi-step": 30 });
  expect(results.overall_score).toBe(50);
  expect(results).toMatchObject({
    run_id: "20261129-010203",
    timestamp: "2026-11-29T01:02:03Z",
    platform: "openclaw",
    mode: "sandboxed",
    profile: "full",
    suite_version: "1.0.0",
    scoring_method: "self-scored",
    duration_ms: 61_234,
    task_count: 3,
    metrics: { total_tool_calls: 6, total_errors: 0, avg_planning_ratio: 0.25, est_tokens: 990 },
  });
});

test("what serving cost stands beside the score: all tokens and seconds, over the tasks that passed", () => {
  const { tollgate } = agentBenchResults(triedRun, taskTrial(), settings);
  expect(tollgate.serving).toEqual({
    prompt_tokens: 900,
    completion_tokens: 90,
    passed_tasks: 1,
    tokens_per_passed_task: 990,
    seconds_per_passed_task: 2.7,
    cell_ttft_ms_p50: 12.346,
    cell_e2e_ms_p50: 80.5,
    overhead_ms: servingCost.overheadMs,
  });
  const none = agentBenchResults(triedRun, taskTrial([{ id: "a", value: 0.1 }]), settings).tollgate.serving;
  expect([none.passed_tasks, none.tokens_per_passed_task, none.seconds_per_passed_task]).toEqual([
    0,
    null,
    null,
  ]);
});

test("an attempt that a part of the stack ended is nobody's score, and one that the agent ended is 0", () => {
  const trial = taskTrial([
    ...threeTasks,
    { id: "lost", suite: "research", value: null },
    { id: "zero", value: 0 },
  ]);
  const results = agentBenchResults(triedRun, trial, settings);
  expect(results.domain_scores).toEqual({ "file-creation": 46.67, "multi-step": 30 });
  expect(results.tollgate.unscored_tasks).toEqual(["lost"]);
  expect(results.tasks.find(({ id }) => id === "lost")).toMatchObject({
    score: null,
    status: "failed: engine",
  });
  expect(results.tasks.find(({ id }) => id === "zero")).toMatchObject({ score: 0, status: "scored" });
  expect(
    agentBenchResults(triedRun, taskTrial([{ id: "lost", value: null }]), settings).overall_score,
  ).toBeNull();
});

test("a layer that nobody scored is missing and counted, not 50 and not 0", () => {
  const { tasks, tollgate } = agentBenchResults(triedRun, taskTrial(), settings);
  expect(tasks[0]?.layer_scores).toEqual({ layer0: 90, layer1: 70, layer2: null, layer3: null });
  expect(tollgate.layers_missing).toEqual({ layer0: 0, layer1: 0, layer2: 3, layer3: 3 });
  expect(tollgate.scored_by).toEqual({ layer0: ["rules"], layer1: ["rules"], layer2: [], layer3: [] });
});

test("a layer that a judge had a part in says which one, also where he was asked about one finding", () => {
  const trial = taskTrial();
  const tasks = trial.tasks.map(({ attempt, ...rest }) => {
    if (attempt?.score == null) throw new Error("the fixture changed");
    const { observation, score } = attempt;
    const [finding] = observation.findings;
    const judgement = { score: 100, parts: {}, reason: "", model: "some-judge", counts: true };
    const judgements = { [finding?.at ?? ""]: judgement };
    const by = { ...score.by, layer0: "judge" as const };
    return {
      ...rest,
      attempt: { ...attempt, observation: { ...observation, judgements }, score: { ...score, by } },
    };
  });
  const { tollgate } = agentBenchResults(triedRun, { ...trial, tasks }, settings);
  expect(tollgate.scored_by.layer0).toEqual(["judge some-judge"]);
});

test("the report in Markdown has all of AgentBench's parts, the worst task first, and no markup of others", () => {
  const trial = taskTrial([...threeTasks, { id: "a|b", value: 0.1, detail: "<img src=x> **no**" }]);
  const results = agentBenchResults(triedRun, trial, settings);
  const text = reportMarkdown(results, shownTasks(results, trial.tasks));
  expect(text.match(/^## .*/gm)).toEqual([
    "## Overall score",
    "## Metrics",
    "## Domain breakdown",
    "## Task details",
    "## Top failures",
    "## Recommendations",
  ]);
  const rows = text.split("\n").filter((line) => line.startsWith("| a\\|b") || line.startsWith("| rename"));
  expect(rows.map((row) => row.split(" | ")[0])).toEqual(["| a\\|b", "| rename-files"]);
  expect(text).toContain("\\<img src=x\\> \\*\\*no\\*\\*");
  expect(text).toContain("A simulated engine answered");
});
