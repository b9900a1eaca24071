import { markdownTable } from "../../../bench/report/formats/markdown.ts";
import { left, right } from "../../../bench/report/tables/table.ts";
import { numberText } from "../../../bench/report/tables/number-text.ts";
import type { TasksManifest } from "./tasks-manifest.ts";

const about = {
  agentbench:
    "A folder for each trial of each cell, as AgentBench for OpenClaw makes one of a run: `results.json` with its signature, `report.md`, `report.html`, and for each task `scores.json`, `metrics.json`, `execution-trace.md` and, where workspaces were kept, `outputs/`. The signature's key is public (it is made of the run's id and the suite's version), so it finds accidental changes and proves nothing:\n\n    CONTENT=$(jq 'del(.signature)' results.json)\n    printf %s \"$CONTENT\" | openssl dgst -sha256 -hmac agentbench-v1-RUN_ID-SUITE_VERSION-integrity",
  clawbench:
    "A `benchmark.json` for each cell, as `clawbench run` writes one, with all trials of a task as its runs. What Tollgate does not know (costs, releases, a judge that nobody named) is not in it: the original's reader then takes its own defaults, which are zeros. Runs with an assertion that nobody could decide are counted as `undecided_runs`, and stand there as not passed: pass rate, reliability and task score can be too low by them.",
} as const;

/** `README.md` of an export. Pure. */
export function tasksCard({ format, run, results, leftOut }: Omit<TasksManifest, "v">): string {
  const table = markdownTable({
    title: "Results",
    columns: [left("file"), left("cell"), right("trial"), right("score"), right("tasks scored")],
    rows: results.map(({ file, cell, trial, overallScore, tasks, scoredTasks }) => [
      file,
      cell,
      trial === null ? "all" : String(trial + 1),
      numberText(overallScore),
      `${scoredTasks} of ${tasks}`,
    ]),
    notes: leftOut.map((why) => `left out: ${why}`),
  });
  return `${[
    `# ${run.experiment}: results in the form of ${format}`,
    ...(run.simulated ? ["**A simulated engine answered: neither scores nor times are a model's.**"] : []),
    `Of run ${run.runId}, agent ${run.agent.name} ${run.agent.version}.`,
    about[format],
    table,
  ].join("\n\n")}\n`;
}
