import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import { cutAnswer } from "../../workload/sample-line.ts";
import type { ReportModel } from "../model/report-model.ts";
import type { Latency } from "../../analysis/estimates/latency.ts";
import { isFailing } from "../../analysis/cell/failures.ts";
import { cellColumns, cellTerms, speed } from "./cell-metrics.ts";
import { absent, estimateText, numberText, percentText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** A discrepancy of Little's law up to this is explained by the requests that the edges of a segment cut. */
const littleErrorMax = 0.05;

export function speedTable(cells: readonly CellSummary[]): Table {
  return filled(speed, cells, [
    "Each rate is one measurement over the cell's used segments: it has a count and no interval.",
    ...cells.flatMap(({ cellId, reasons }) =>
      reasons.map(({ verdict, detail }) => `${cellId}: ${verdict}: ${detail}`),
    ),
    ...cells.flatMap(repairedNotes),
    ...cells.flatMap(({ cellId, tokenCheck: { status, details } }) =>
      status === "explained" || status === "unknown"
        ? details.map((detail) => `${cellId}: tokens ${status}: ${detail}`)
        : [],
    ),
    ...cells.flatMap(({ cellId, agentEngine }) =>
      agentEngine === null || agentEngine.restarted
        ? []
        : agentEngine.problems.map((problem) => `${cellId}: the engine's metrics page: ${problem}`),
    ),
    ...cells.flatMap(({ cellId, inFlight: { discrepancy } }) =>
      discrepancy === null || Math.abs(discrepancy) <= littleErrorMax
        ? []
        : [
            `${cellId}: Little's law is off by ${percentText(discrepancy)}: requests in flight are not their rate x their mean time`,
          ],
    ),
  ]);
}

/** A cell whose failed episodes were run again is measured by those, and perhaps they are few. */
function repairedNotes({ cellId, segments, episodes, concurrency }: CellSummary): string[] {
  if (!segments.some(({ excluded }) => excluded === "repaired")) return [];
  const measured = segments.reduce((sum, { used, episodes: count }) => sum + (used ? count : 0), 0);
  const few = concurrency !== null && measured < concurrency ? `, fewer than its load of ${concurrency}` : "";
  return [
    `${cellId}: repaired: rates and times are those of ${measured} of ${episodes.finished} episodes${few}`,
  ];
}

interface LatencyRow {
  readonly cell: string;
  readonly name: keyof typeof cellTerms;
  readonly latency: Latency;
}

/** Latencies at the outer tap, a row for each. */
export const latencies: TableOf<LatencyRow> = {
  title: "Latency at the outer tap, ms",
  columns: [
    left("cell", ({ cell }) => cell),
    left("", ({ name }) => name, "TTFT, ITL or E2E"),
    right("requests", ({ latency }) => String(latency.count), "answered requests that have it"),
    right("episodes", ({ latency }) => String(latency.episodes), "that these requests are of"),
    right("p50", ({ latency }) => estimateText(latency.p50), "with its 95 % interval over episodes"),
    right("p95", ({ latency }) => estimateText(latency.p95), "with its 95 % interval over episodes"),
    right("p99", ({ latency }) => estimateText(latency.p99)),
    right("max", ({ latency }) => numberText(latency.max)),
  ],
};

export function latencyTable(cells: readonly CellSummary[], notes: readonly string[]): Table {
  const rows = cells.flatMap(({ cellId, ttftMs, itlMs, e2eMs }): LatencyRow[] => [
    { cell: cellId, name: "TTFT", latency: ttftMs },
    { cell: "", name: "ITL", latency: itlMs },
    { cell: "", name: "E2E", latency: e2eMs },
  ]);
  return filled(latencies, rows, [
    ...notes,
    ...cells.flatMap(survivorNotes),
    ...cells.flatMap(sentAgainNotes),
  ]);
}

/** Failing makes a service look faster: whoever is refused at once does not queue. So may other requests and answers. */
function survivorNotes({ cellId, episodes, reasons }: CellSummary): string[] {
  const failed = episodes.byStatus["failed"] ?? 0;
  const altered = reasons.find(
    ({ verdict }) => verdict === "request-altered" || verdict === "answer-altered",
  );
  return [
    ...(isFailing({ reasons })
      ? [
          `${cellId}: failing: times of what was answered while ${failed} of ${episodes.finished} episodes failed`,
        ]
      : []),
    ...(altered === undefined
      ? []
      : [`${cellId}: ${altered.verdict}: not comparable with other cells, for other work was done`]),
  ];
}

function sentAgainNotes({ cellId, sentAgain }: CellSummary): string[] {
  if (sentAgain === undefined) return [];
  const { requests, first } = sentAgain;
  return [
    `${cellId}: ${requests} requests went once more over a new connection, because the server had closed the one before without reading them (${first}); both are in their times`,
  ];
}

/** What became of the episodes. */
export const outcomes: TableOf<CellSummary> = {
  title: "Episodes",
  columns: [
    ...cellColumns("cell"),
    right("finished\n/planned", ({ episodes }) => `${episodes.finished}/${episodes.planned}`),
    ...cellColumns("episodes_passed"),
    right("fail", ({ episodes }) => String(episodes.judged - episodes.passed), "judged, and not passed"),
    ...cellColumns("episodes_unjudged", "episodes_failed", "episodes_timed_out", "pass_rate"),
    left("pass^k", passHatText, cellTerms["pass^k"]),
    ...cellColumns("coverage"),
    ...cellColumns("episode_seconds"),
  ],
};

export function outcomeTable({ cells, judges }: Pick<ReportModel, "cells" | "judges">): Table {
  const known = cells.some(({ coverage }) => coverage !== undefined);
  const columns = outcomes.columns.filter(({ head }) => known || head !== "coverage");
  return filled({ ...outcomes, columns }, cells, [
    ...cells.flatMap(({ cellId, episodes }) => {
      const classes = Object.entries(episodes.byFailureClass).map(([name, count]) => `${count} ${name}`);
      return classes.length === 0 ? [] : [`${cellId}: failed: ${classes.join(", ")}`];
    }),
    ...cells.flatMap(({ cellId, episodes: { byLabel, finished } }) => {
      const cut = byLabel[cutAnswer] ?? 0;
      return cut === 0
        ? []
        : [`${cellId}: ${cut} of ${finished} answers were cut at a limit of tokens (finish reason length)`];
    }),
    ...judges.map(judgeText),
  ]);
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

type SessionCell = CellSummary & { readonly sessionMs: NonNullable<CellSummary["sessionMs"]> };

/** Milliseconds that an arm's session calls took per episode. */
export const sessions: TableOf<SessionCell> = {
  title: "Session calls of the gateway, mean ms per episode",
  columns: [
    left("cell", ({ cellId }) => cellId),
    right("start", ({ sessionMs }) => estimateText(sessionMs.start), "opening the session of an episode"),
    right("reward", ({ sessionMs }) => estimateText(sessionMs.reward), "telling the gateway the reward"),
    right("export", ({ sessionMs }) => estimateText(sessionMs.export), "fetching what the gateway recorded"),
  ],
};

/** null when no arm has sessions. */
export function sessionTable(cells: readonly CellSummary[]): Table | null {
  const rows = cells.filter((cell): cell is SessionCell => cell.sessionMs !== null);
  return rows.length === 0 ? null : filled(sessions, rows, cells.flatMap(leakNotes));
}

/** Says below the gateway's calls when it kept sessions that are over, or recorded less than it should. */
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
