import { wayOf } from "../../store/place.ts";
import { usable } from "../../analysis/cell/verdict.ts";
import { fidelityReasons } from "../../analysis/cell/cell-fidelity.ts";
import type { ReportModel } from "../model/report-model.ts";
import { simulatedText } from "../model/server-lines.ts";
import { latencyTable, outcomeTable, sessionTable, speedTable } from "./cell-tables.ts";
import { speed } from "./cell-metrics.ts";
import { engineLatencyTables } from "./engine-latency-table.ts";
import { capacityTables } from "./capacity-table.ts";
import { cellRows } from "./cells-csv.ts";
import type { ReportDocument } from "./document.ts";
import { fidelityTables } from "./fidelity-table.ts";
import { ledgerTable } from "./ledger-tables.ts";
import { failureTable } from "./failure-table.ts";
import { lengthTables } from "./length-tables.ts";
import { liveTable } from "./live-table.ts";
import { driftNote, pathTable } from "./path-table.ts";
import { noticeOf } from "./notice.ts";
import { notStreamed, preflightSummary } from "./preflight-table.ts";
import { exclusionTable, headLines, seedTable, trajectoryTable } from "./run-tables.ts";
import { answerSentences } from "./answer.ts";
import { overheadPicture, type ControlArms } from "./overhead-picture.ts";
import { sweepSections } from "./sweep-pictures.ts";
import { ttftTables } from "./ttft-pictures.ts";
import { powerTable } from "./power-table.ts";
import { passAtKTable } from "./pass-at-k-table.ts";
import { axisTables } from "./axis-tables.ts";
import { scoreTables } from "./score-tables.ts";
import { variationTable } from "./variation-table.ts";
import { sloTable } from "./slo-table.ts";
import { variantTable } from "./variant-table.ts";
import type { Table } from "./table.ts";

export interface TableChoice {
  /** Adds the table of the published comparison (Concurrency | Trial | Tasks | ...) for each arm. */
  readonly seed: boolean;
}

/** The report of a sweep or a collection. Pure. */
export function sweepDocument(report: ReportModel, choice: TableChoice = { seed: false }): ReportDocument {
  const { run, warnings, definitions, overheads, floors = [] } = report;
  const tables = reportTables(report, choice);
  const controls = controlArms(report);
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
      verdict: verdictOf(report),
      tablesFirst: tables.findIndex(({ title }) => title === speed.title),
      next: {
        what: "Episodes with their transcripts and requests, and the arms side by side",
        command: `tollgate view ${run.runId}`,
      },
      answer: answerSentences(overheads, floors, new Set([...controls.proxies, ...controls.again])),
      intervals: overheadPicture(overheads, floors, controls),
      sections: sweepSections(report),
      tables: ttftTables(report.cells),
    },
  };
}

/** Arms of a sweep that have to show nothing: proxies that do nothing, and further raw arms. */
function controlArms({ cells, overheads }: ReportModel): ControlArms {
  const baseline = overheads[0]?.baseline;
  const ofKind = (kind: string) =>
    new Set(cells.flatMap(({ arm, armKind }) => (armKind === kind && arm !== baseline ? [arm] : [])));
  return { proxies: ofKind("null-proxy"), again: ofKind("raw") };
}

/** Whether the cells can be used, on a page where no notice says that some cannot. */
function verdictOf(report: ReportModel): ReportDocument["page"]["verdict"] {
  const { cells, overheads } = report;
  if (cells.length === 0 || cells.some(({ verdict }) => !usable.has(verdict))) return null;
  const valid = cells.filter(({ verdict }) => verdict === "valid").length;
  return {
    head: headLines(report),
    verdict: `${valid} of ${cells.length} cells valid`,
    reasons: [
      ...cells.flatMap(({ cellId, reasons }) =>
        reasons.map(({ verdict, detail }) => `${cellId}: ${verdict}: ${detail}`),
      ),
      ...driftNote(overheads),
    ],
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
  const arms = [...new Set(report.trials.map(wayOf))];
  const { failures } = report;
  const compared = cells.flatMap(({ cellId, fidelity }) => (fidelity ? [{ cell: cellId, fidelity }] : []));
  const altered = compared.some(({ fidelity }) => fidelityReasons(fidelity).length > 0);
  const fidelity = fidelityTables(compared, altered ? report.run.runId : null);
  return [
    ...(failures === undefined ? [] : [failureTable(failures, report.run.runId)]),
    ...(altered ? fidelity : []),
    ...(report.capacity === undefined ? [] : capacityTables(report.capacity)),
    ...(report.variants === undefined ? [] : [variantTable(report.variants)]),
    ...(report.passAtK === undefined ? [] : [passAtKTable(report.passAtK)]),
    ...(report.lengths === undefined ? [] : lengthTables(report.lengths, report.coverage)),
    ...(report.scores === undefined ? [] : scoreTables(report.scores)),
    ...(report.byAxis === undefined ? [] : axisTables(report.byAxis, report.scores)),
    speedTable(cells),
    ...(report.variations === undefined ? [] : [variationTable(report.variations)]),
    ...(report.slo === undefined ? [] : [sloTable(report.slo)]),
    latencyTable(cells, notStreamed(report)),
    ...engineLatencyTables(cells),
    ...(report.power === undefined ? [] : [powerTable(report.power)]),
    outcomeTable(report),
    ...(altered ? [] : fidelity),
    ...(sessions === null ? [] : [sessions]),
    ...(overheads.length === 0 ? [] : [pathTable(overheads, report.floors), liveTable(overheads)]),
    ...(report.ledgers.length === 0 ? [] : [ledgerTable(report.ledgers)]),
    trajectoryTable(report),
    exclusionTable(report),
    ...report.preflights.map(preflightSummary),
    ...(choice.seed ? arms.map((arm) => seedTable(report, arm)) : []),
  ];
}
