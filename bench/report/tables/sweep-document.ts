import { verdicts } from "../../analysis/cell/verdict.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { ReportModel } from "../model/report-model.ts";
import { latencyTable, outcomeTable, sessionTable, speedTable } from "./cell-tables.ts";
import { cellRows } from "./cells-csv.ts";
import type { LinePicture, ReportDocument } from "./document.ts";
import { fidelityTables } from "./fidelity-table.ts";
import { ledgerTable } from "./ledger-tables.ts";
import { failureTable } from "./failure-table.ts";
import { liveTable } from "./live-table.ts";
import { pathTable } from "./path-table.ts";
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
  return {
    title: run.runId,
    head: headLines(report),
    simulated: run.simulated,
    tables: reportTables(report, choice),
    warnings,
    definitions,
    csv: cellRows(report),
    json: report,
    page: {
      verdict: pageVerdict(report),
      lines: [
        linePicture("E2E p50 by concurrency, ms", cells, ({ e2eMs }) => e2eMs.p50),
        linePicture("TTFT p50 by concurrency, ms", cells, ({ ttftMs }) => ttftMs.p50),
      ],
      intervals: null,
      tables: [],
    },
  };
}

/** What a page says before its pictures when a cell cannot be used; null when all can. */
function pageVerdict(report: ReportModel): ReportDocument["page"]["verdict"] {
  const reasons = report.cells.flatMap(({ cellId, reasons: against }) =>
    against.filter(({ verdict }) => !usable.has(verdict)).map((reason) => ({ cellId, ...reason })),
  );
  const worst = verdicts.find((verdict) => reasons.some((reason) => reason.verdict === verdict));
  if (worst === undefined) return null;
  const shown = reasons
    .slice(0, reasonsShown)
    .map(({ cellId, verdict, detail }) => `${cellId}: ${verdict}: ${detail}`);
  const more = reasons.length - shown.length;
  return {
    head: headLines(report),
    verdict: worst,
    reasons: more > 0 ? [...shown, `and ${more} more, below the table Speed`] : shown,
  };
}

const reasonsShown = 6;
const usable: ReadonlySet<string> = new Set(["valid", "client-limited"]);

/** Every table of a report, in the order of reading. */
export function reportTables(report: ReportModel, choice: TableChoice): readonly Table[] {
  const { cells, overheads } = report;
  const sessions = sessionTable(cells);
  const arms = [...new Set(report.trials.map(({ arm }) => arm))];
  const { failures } = report;
  return [
    ...(failures === undefined ? [] : [failureTable(failures, report.run.runId)]),
    speedTable(cells),
    latencyTable(cells, notStreamed(report)),
    outcomeTable(report),
    ...fidelityTables(
      cells.flatMap(({ cellId, fidelity }) => (fidelity ? [{ cell: cellId, fidelity }] : [])),
    ),
    ...(sessions === null ? [] : [sessions]),
    ...(overheads.length === 0 ? [] : [pathTable(overheads), liveTable(overheads)]),
    ...(report.ledgers.length === 0 ? [] : [ledgerTable(report.ledgers)]),
    trajectoryTable(report),
    exclusionTable(report),
    ...report.preflights.map(preflightSummary),
    ...(choice.seed ? arms.map((arm) => seedTable(report, arm)) : []),
  ];
}

function linePicture(
  title: string,
  cells: readonly CellSummary[],
  of: (cell: CellSummary) => Estimate,
): LinePicture {
  const points = (name: string) =>
    cells.flatMap((cell) => {
      const { arm, concurrency } = cell;
      const estimate = of(cell);
      return arm !== name || concurrency === null || estimate.value === null
        ? []
        : [{ concurrency, estimate }];
    });
  const arms = [...new Set(cells.map(({ arm }) => arm))];
  return {
    title,
    series: arms.map((name) => ({
      name,
      points: points(name).sort((a, b) => a.concurrency - b.concurrency),
    })),
  };
}
