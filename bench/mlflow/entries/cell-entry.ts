import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { ReportModel } from "../../report/model/report-model.ts";
import { cellMetrics } from "../../report/tables/cell-metrics.ts";
import type { RunStatus } from "../client/mlflow-client.ts";
import { pointsOf, type MlflowEntry } from "./entry.ts";
import { knownParams } from "./run-params.ts";
import { momentOf, type Times } from "./run-times.ts";
import { scoreMetrics } from "./score-metrics.ts";
import { cutText, tagCharactersMax } from "./text-limits.ts";

/** What a cell is, and no measurement of it. */
const settings = new Set(["concurrency", "repetition"]);

/** A cell of a sweep: its metrics are those of `cells.csv`, at the step of its repetition. */
export function cellEntry(
  cell: CellSummary,
  of: { readonly report: ReportModel; readonly times: Times | null },
): MlflowEntry {
  const { report, times } = of;
  const runStartedMs = Date.parse(report.run.createdAt);
  const known = times ?? { startedMs: runStartedMs, endedMs: null, lastMs: runStartedMs };
  const at = { step: cell.repetition, atMs: momentOf(known) };
  const status = cellStatus(cell, report.run.state);
  return {
    part: cell.cellId,
    name: cell.cellId,
    startedMs: known.startedMs,
    endedMs: status === "RUNNING" ? null : momentOf(known),
    status,
    params: knownParams({
      cell: cell.cellId,
      arm: cell.arm,
      arm_kind: cell.armKind,
      load: cell.load,
      concurrency: cell.concurrency,
      repetition: cell.repetition,
      variant: cell.variant,
      simulated: cell.simulated,
    }),
    tags: {
      "tollgate.verdict": cell.verdict,
      "tollgate.simulated": String(cell.simulated),
      ...(cell.reasons.length > 0 && {
        "tollgate.reasons": cutText(
          cell.reasons.map(({ verdict, detail }) => `${verdict}: ${detail}`).join("\n"),
          tagCharactersMax,
        ),
      }),
    },
    metrics: pointsOf({ ...cellValues(cell), ...scoreMetrics(report, cell.cellId) }, at),
    datasets: [],
  };
}

/** Every number of a cell by its name in `cells.csv`; null where it was not measured. */
export function cellValues(cell: CellSummary): Readonly<Record<string, unknown>> {
  const measured = cellMetrics.filter(({ name }) => !settings.has(name));
  return Object.assign({}, ...measured.map(({ values }) => values(cell))) as Record<string, unknown>;
}

/** A cell that is not whole has not failed: it was stopped, or still runs. */
function cellStatus({ verdict, episodes }: CellSummary, state: string): RunStatus {
  if (episodes.finished < episodes.planned) return state === "running" ? "RUNNING" : "KILLED";
  return verdict === "failing" ? "FAILED" : "FINISHED";
}
