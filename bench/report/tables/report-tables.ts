import { latencyTable, outcomeTable, sessionTable, speedTable } from "./cell-tables.ts";
import { ledgerTable } from "./ledger-tables.ts";
import { liveTable } from "./live-table.ts";
import { pathTable } from "./path-table.ts";
import { notStreamed, preflightSummary } from "./preflight-table.ts";
import type { ReportModel } from "../model/report-model.ts";
import { exclusionTable, trajectoryTable, seedTable } from "./run-tables.ts";
import type { Table } from "./table.ts";

export interface TableChoice {
  /** Adds the seed's table (Concurrency | Trial | Tasks | ...) for each arm. */
  readonly seed: boolean;
}

/** Every table of a report, in the order of reading. */
export function reportTables(report: ReportModel, choice: TableChoice): readonly Table[] {
  const { cells, overheads } = report;
  const sessions = sessionTable(cells);
  const arms = [...new Set(report.trials.map(({ arm }) => arm))];
  return [
    speedTable(cells),
    withNotes(latencyTable(cells), notStreamed(report)),
    outcomeTable(report),
    ...(sessions === null ? [] : [sessions]),
    ...(overheads.length === 0 ? [] : [pathTable(overheads), liveTable(overheads)]),
    ...(report.ledgers.length === 0 ? [] : [ledgerTable(report.ledgers)]),
    trajectoryTable(report),
    exclusionTable(report),
    ...report.preflights.map(preflightSummary),
    ...(choice.seed ? arms.map((arm) => seedTable(report, arm)) : []),
  ];
}

function withNotes(table: Table, notes: readonly string[]): Table {
  return { ...table, notes: [...table.notes, ...notes] };
}
