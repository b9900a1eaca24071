import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { ReportModel } from "../model/report-model.ts";
import type { Latency } from "../../analysis/estimates/latency.ts";
import { absent, estimateText, numberText, percentText } from "./number-text.ts";
import { left, right, type Table } from "./table.ts";

/** Requests that the edges of a segment cut explain less than this. */
const littleErrorMax = 0.05;

/** Load and speed of each cell. */
export function speedTable(cells: readonly CellSummary[]): Table {
  return {
    title: "Speed",
    columns: [
      left("cell"),
      right("in flight\nepisodes"),
      right("in flight\nrequests"),
      right("ep\n/min"),
      right("req\n/s"),
      right("input\ntok/s"),
      right("output\ntok/s"),
      right("queue\nms"),
      right("cache"),
      left("tokens"),
      left("verdict"),
    ],
    rows: cells.map((cell) => [
      cell.cellId,
      numberText(cell.inFlight.episodes),
      numberText(cell.inFlight.requests),
      numberText(cell.rates.episodesPerMinute.value),
      numberText(cell.rates.requestsPerSecond.value),
      numberText(cell.rates.inputTokensPerSecond.value),
      numberText(cell.rates.outputTokensPerSecond.value),
      milliseconds(cell.agentEngine?.queueSecondsMean ?? null),
      percentText(cell.agentEngine?.cacheHitRate ?? null),
      cell.tokenCheck.status,
      cell.verdict,
    ]),
    notes: [
      "Each rate is one measurement over the cell's used segments: it has a count and no interval.",
      ...cells.flatMap(({ cellId, reasons }) =>
        reasons.map(({ verdict, detail }) => `${cellId}: ${verdict}: ${detail}`),
      ),
      ...cells.flatMap(({ cellId, tokenCheck: { status, details } }) =>
        status === "explained" ? details.map((detail) => `${cellId}: tokens explained: ${detail}`) : [],
      ),
      ...cells.flatMap(({ cellId, inFlight: { discrepancy } }) =>
        discrepancy === null || Math.abs(discrepancy) <= littleErrorMax
          ? []
          : [
              `${cellId}: Little's law is off by ${percentText(discrepancy)}: requests in flight are not their rate x their mean time`,
            ],
      ),
    ],
  };
}

/** Latencies at the outer tap, a row for each. */
export function latencyTable(cells: readonly CellSummary[]): Table {
  const row = (first: string, name: string, latency: Latency) => [
    first,
    name,
    String(latency.count),
    String(latency.episodes),
    estimateText(latency.p50),
    estimateText(latency.p95),
    estimateText(latency.p99),
    numberText(latency.max),
  ];
  return {
    title: "Latency at the outer tap, ms",
    columns: [
      left("cell"),
      left(""),
      right("requests"),
      right("episodes"),
      right("p50"),
      right("p95"),
      right("p99"),
      right("max"),
    ],
    rows: cells.flatMap((cell) => [
      row(cell.cellId, "TTFT", cell.ttftMs),
      row("", "ITL", cell.itlMs),
      row("", "E2E", cell.e2eMs),
    ]),
    notes: [],
  };
}

/** What became of the episodes. */
export function outcomeTable({ cells, judges }: Pick<ReportModel, "cells" | "judges">): Table {
  return {
    title: "Episodes",
    columns: [
      left("cell"),
      right("finished\n/planned"),
      right("pass"),
      right("fail"),
      right("un-\njudged"),
      right("error"),
      right("timed\nout"),
      right("rate"),
      left("pass^k"),
      right("s/episode\np50"),
    ],
    rows: cells.map((cell) => [
      cell.cellId,
      `${cell.episodes.finished}/${cell.episodes.planned}`,
      String(cell.episodes.passed),
      String(cell.episodes.judged - cell.episodes.passed),
      String(cell.episodes.unjudged),
      String(cell.episodes.byStatus["failed"] ?? 0),
      String(cell.episodes.byStatus["timed-out"] ?? 0),
      estimateText(cell.passRate, percentText),
      passHatText(cell),
      estimateText(cell.episodeSeconds.p50),
    ]),
    notes: [
      ...cells.flatMap(({ cellId, episodes }) => {
        const classes = Object.entries(episodes.byFailureClass).map(([name, count]) => `${count} ${name}`);
        return classes.length === 0 ? [] : [`${cellId}: failed: ${classes.join(", ")}`];
      }),
      ...judges.map(judgeText),
    ],
  };
}

function judgeText({ model, url, rewards, incomplete }: ReportModel["judges"][number]): string {
  const short = incomplete === 0 ? "" : `; ${incomplete} answers had not one entry per assertion`;
  return `${rewards} rewards rest on the judge ${model} at ${url}, asked after the run${short}`;
}

/** pass^2 and the highest k, over the tasks that have so many trials. */
function passHatText({ passHatK }: CellSummary): string {
  const shown = passHatK.filter(({ k }) => k === 2 || (k > 2 && k === passHatK.length));
  return shown.length === 0
    ? absent
    : shown
        .map(({ k, tasks, ...estimate }) => {
          return `^${k} ${estimateText({ ...estimate, count: tasks }, percentText)} (${tasks} tasks)`;
        })
        .join("\n");
}

/** Milliseconds that an arm's session calls took per episode; null when no arm has sessions. */
export function sessionTable(cells: readonly CellSummary[]): Table | null {
  const rows = cells.flatMap(({ cellId, sessionMs }) =>
    sessionMs === null
      ? []
      : [
          [
            cellId,
            ...[sessionMs.start, sessionMs.reward, sessionMs.export].map((part) => estimateText(part)),
          ],
        ],
  );
  if (rows.length === 0) return null;
  return {
    title: "Session calls of the gateway, mean ms per episode",
    columns: [left("cell"), right("start"), right("reward"), right("export")],
    rows,
    notes: cells.flatMap(leakNotes),
  };
}

/** A gateway that keeps what nobody needs, or that kept less than it should, says so where its calls are. */
function leakNotes({ cellId, gatewayLeftovers: left, episodes }: CellSummary): string[] {
  const incomplete = episodes.byLabel["gateway-record-incomplete"] ?? 0;
  return [
    ...(left === undefined || (left.sessions === 0 && (left.tensors ?? 0) === 0)
      ? []
      : [
          `${cellId}: leak: after the cell the gateway still held ${left.sessions} sessions and ${left.tensors ?? "an unknown number of"} tensors`,
        ]),
    ...(incomplete === 0
      ? []
      : [`${cellId}: the gateway's record of ${incomplete} episodes is incomplete or was not exported`]),
  ];
}

function milliseconds(seconds: number | null): string {
  return numberText(seconds === null ? null : seconds * 1000);
}
