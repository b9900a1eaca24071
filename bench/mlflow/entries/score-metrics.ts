import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { ScoreRow } from "../../analysis/scores/score-report.ts";
import type { ReportModel } from "../../report/model/report-model.ts";
import { metricKey } from "./text-limits.ts";

/** A page of MLflow shows no more than so many tasks; all of them are in the artifact tables/episodes.parquet. */
const tasksMax = 200;

/** Scores of a cell (0..1) by name, for all its tasks, each group and each task, and pass@k with its intervals. */
export function scoreMetrics(report: ReportModel, cellId: string): Readonly<Record<string, number | null>> {
  const cell = report.scores?.cells.find((one) => one.cellId === cellId);
  const rows = cell?.rows ?? [];
  const tasks = rows.filter(({ task }) => task !== null).slice(0, tasksMax);
  const passAtK = report.passAtK?.cells.find((one) => one.cellId === cellId)?.rows ?? [];
  return {
    ...merged(rows.filter(({ task }) => task === null).map((row) => rowMetrics(row))),
    ...merged(tasks.map((row) => rowMetrics(row))),
    ...merged(passAtK.map(({ k, mean }) => estimateMetrics(["pass_at", String(k)], mean))),
  };
}

function rowMetrics({ group, task, scores }: ScoreRow): Readonly<Record<string, number | null>> {
  return merged(
    Object.entries(scores).map(([name, estimate]) => {
      if (task !== null) return { [metricKey("task", group ?? "all", task, name)]: estimate.value };
      if (group !== null) return { [metricKey("group", group, name)]: estimate.value };
      return estimateMetrics(["score", name], estimate);
    }),
  );
}

/** A value with the ends of its interval, as three metrics. */
export function estimateMetrics(
  parts: readonly string[],
  { value, low, high }: Pick<Estimate, "value" | "low" | "high">,
): Readonly<Record<string, number | null>> {
  const named = (end: string) => metricKey(...parts.slice(0, -1), `${parts.at(-1) ?? ""}${end}`);
  return { [named("")]: value, [named("_low")]: low, [named("_high")]: high };
}

function merged(
  all: readonly Readonly<Record<string, number | null>>[],
): Readonly<Record<string, number | null>> {
  return Object.assign({}, ...all) as Record<string, number | null>;
}
