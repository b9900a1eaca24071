import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { logRun } from "../../bench/mlflow/log-run.ts";
import { clawbenchFigures } from "../../suites/tasks/export/mlflow-figures.ts";
import { exportTasks } from "../../suites/tasks/export/export-tasks.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { writeClawbenchRun, writeTasksRun } from "../suites/tasks/export/tasks-run.ts";
import { startFakeMlflow } from "./fake-mlflow.ts";
import { latest } from "./fake-store.ts";
import { options } from "./stored-run.ts";

const figuresOf = clawbenchFigures;
const resolved = {
  name: "clawbench",
  stack: { kind: "attach", agent: { url: "http://model.example/v1", model: "openai/gpt-5.5" } },
  workload: { kind: "tasks", trials: 3, judge: { model: "openai/judge" } },
};

test("a run of ClawBench's tasks has what ClawBench logs, by its names and of its own result file", async () => {
  using folder = new TemporaryFolder();
  await using server = await startFakeMlflow();
  const run = await writeClawbenchRun(folder.path, { identity: { resolved } });
  const out = join(folder.path, "export");
  const manifest = await exportTasks(run, { format: "clawbench", out, strict: false, arms: [] });
  const text = readFileSync(join(out, manifest.results[0]?.file ?? ""), "utf8");
  const benchmark = JSON.parse(text) as Record<string, number>;

  await logRun(run, options(server.url, { figuresOf }));
  for (const part of ["run", manifest.results[0]?.cell ?? ""]) {
    const logged = server.store.byPart().get(part);
    const points = latest(logged?.points ?? []);
    const there = new Map(points.map(({ key, value }) => [key, value]));
    for (const name of [...there.keys()].filter((key) => key.startsWith("overall_")))
      expect([name, there.get(name)]).toEqual([name, benchmark[name]]);
    expect(there.get("overall_score")).toBeCloseTo((0.689 + 0.91) / 2, 12);
    expect(there.get("overall_pass_hat_k")).toBe(0.5);
    expect(there.get("overall_median_latency_ms")).toBe(benchmark["overall_median_latency_ms"]);
    expect(there.get("tier2/score")).toBeCloseTo((0.689 + 0.91) / 2, 12);
    expect(there.get("tier2/reliability")).toBeCloseTo((0.2 + 1) / 2, 12);
    expect(points.filter(({ key }) => /^task\/(fix|write)\/(score|reliability)$/.test(key))).toMatchObject([
      { key: "task/fix/score", step: 0 },
      { key: "task/fix/reliability", step: 0 },
      { key: "task/write/score", step: 1 },
      { key: "task/write/reliability", step: 1 },
    ]);
    // Nobody has measured these; the original logs zeros.
    expect([...there.keys()].filter((key) => /cost|^(overall_)?judge_/.test(key))).toEqual([]);
    expect(Object.fromEntries(logged?.tags ?? [])).toMatchObject({
      submission_id: benchmark["submission_id"],
      certified: "False",
      "tollgate.unscored_tasks": "lost",
    });
    expect(Object.fromEntries(logged?.params ?? [])).toMatchObject({
      model: "openai/gpt-5.5",
      provider: "openai",
    });
  }
  expect(server.store.byPart().get("run")?.params.get("judge_model")).toBe("openai/judge");
  const [file] = [...server.store.artifacts].filter(([name]) => name.endsWith("/report/benchmark.json"));
  expect(file?.[1].toString()).toBe(text);
  expect(await logRun(run, options(server.url, { figuresOf }))).toMatchObject({
    already: true,
    warnings: [],
  });
});

test("tasks of another kind have none of these names", async () => {
  using folder = new TemporaryFolder();
  await using server = await startFakeMlflow();
  await logRun(await writeTasksRun(folder.path), options(server.url, { figuresOf }));
  const keys = [...server.store.byPart().values()].flatMap(({ points }) => points.map(({ key }) => key));
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.filter((key) => key.startsWith("overall_"))).toEqual([]);
});
