import { fidelityReasons } from "../../analysis/cell/cell-fidelity.ts";
import { spoiling, type Verdict } from "../../analysis/cell/verdict.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { ReportModel } from "../model/report-model.ts";
import { simulatedText } from "../model/server-lines.ts";
import { latencyTable, outcomeTable, sessionTable, speedTable } from "./cell-tables.ts";
import { speed } from "./cell-metrics.ts";
import { engineLatencyTables } from "./engine-latency-table.ts";
import { cellRows } from "./cells-csv.ts";
import type { LinePicture, ReportDocument } from "./document.ts";
import { fidelityTables } from "./fidelity-table.ts";
import { ledgerTable } from "./ledger-tables.ts";
import { failureTable } from "./failure-table.ts";
import { liveTable } from "./live-table.ts";
import { pathTable } from "./path-table.ts";
import { noticeOf } from "./notice.ts";
import { notStreamed, preflightSummary } from "./preflight-table.ts";
import { exclusionTable, headLines, seedTable, trajectoryTable } from "./run-tables.ts";
import type { Table } from "./table.ts";

export interface TableChoice {
  /** Adds the table of the published comparison (Concurrency | Trial | Tasks | ...) for each arm. */
  readonly seed: boolean;
}

/** The report of a sweep or a collection. Pure. */
export function sweepDocument(report: ReportModel, choice: TableChoice = { seed: false }): ReportDocument {
  const { run, cells, warnings, definitions } = report;
  const tables = reportTables(report, choice);
  return {
    title: run.runId,
    head: headLines(report),
    simulated: simulatedText(run.simulated, run.engines ?? {}) !== null,
    notice: noticeOf(run.state === "running" ? withoutUnfinished(report) : report),
    tables,
    warnings,
    definitions,
    csv: cellRows(report),
    json: report,
    page: {
      verdict: null,
      tablesFirst: tables.findIndex(({ title }) => title === speed.title),
      lines: [
        linePicture("E2E p50 by concurrency, ms", cells, ({ e2eMs }) => e2eMs.p50),
        linePicture("TTFT p50 by concurrency, ms", cells, ({ ttftMs }) => ttftMs.p50),
      ],
      intervals: null,
      tables: [],
    },
  };
}

/** What goes on now is not interrupted. */
function withoutUnfinished(report: ReportModel): ReportModel {
  return { ...report, cells: report.cells.filter(({ verdict }) => verdict !== "interrupted") };
}

/** Every table of a report, in the order of reading. */
export function reportTables(report: ReportModel, choice: TableChoice): readonly Table[] {
  const { cells, overheads } = report;
  const sessions = sessionTable(cells);
  const arms = [...new Set(report.trials.map(({ arm }) => arm))];
  const { failures } = report;
  const compared = cells.flatMap(({ cellId, fidelity }) => (fidelity ? [{ cell: cellId, fidelity }] : []));
  const altered = compared.some(({ fidelity }) => fidelityReasons(fidelity).length > 0);
  const fidelity = fidelityTables(compared, altered ? report.run.runId : null);
  return [
    ...(failures === undefined ? [] : [failureTable(failures, report.run.runId)]),
    ...(altered ? fidelity : []),
    speedTable(cells),
    latencyTable(cells, notStreamed(report)),
    ...engineLatencyTables(cells),
    outcomeTable(report),
    ...(altered ? [] : fidelity),
    ...(sessions === null ? [] : [sessions]),
    ...(overheads.length === 0 ? [] : [pathTable(overheads), liveTable(overheads)]),
    ...(report.ledgers.length === 0 ? [] : [ledgerTable(report.ledgers)]),
    trajectoryTable(report),
    exclusionTable(report),
    ...report.preflights.map(preflightSummary),
    ...(choice.seed ? arms.map((arm) => seedTable(report, arm)) : []),
  ];
}

function notDrawn({ reasons }: CellSummary): Verdict | undefined {
  return reasons.find(({ verdict }) => spoiling.has(verdict))?.verdict;
}

function linePicture(
  title: string,
  cells: readonly CellSummary[],
  of: (cell: CellSummary) => Estimate,
): LinePicture {
  const drawn = cells.filter((cell) => notDrawn(cell) === undefined);
  const points = (name: string) =>
    drawn.flatMap((cell) => {
      const { arm, concurrency } = cell;
      const estimate = of(cell);
      return arm !== name || concurrency === null || estimate.value === null
        ? []
        : [{ concurrency, estimate }];
    });
  const arms = [...new Set(cells.map(({ arm }) => arm))];
  return {
    title,
    leftOut: cells.flatMap((cell) => {
      const verdict = notDrawn(cell);
      return verdict === undefined ? [] : [`${cell.cellId} is ${verdict}`];
    }),
    series: arms.map((name) => ({
      name,
      points: points(name).sort((a, b) => a.concurrency - b.concurrency),
    })),
  };
}
