import { spoiling, type Verdict } from "../../analysis/cell/verdict.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { CellLedger, LedgerPart } from "../../analysis/ledger/cell-ledger.ts";
import type { ReportModel } from "../model/report-model.ts";
import type { CurvePicture, LinePicture, ReportDocument, StackPicture } from "./document.ts";
import { overheadPicture } from "./overhead-picture.ts";

/** What a sweep's page draws: the difference first, then the service, then where the time of an episode went. */
export function sweepPictures({
  cells,
  overheads,
  ledgers,
}: Pick<ReportModel, "cells" | "overheads" | "ledgers">): Pick<
  ReportDocument["page"],
  "intervals" | "lines" | "curves" | "stacks"
> {
  const proxies = new Set(cells.flatMap(({ arm, armKind }) => (armKind === "null-proxy" ? [arm] : [])));
  const line = (title: string, of: (cell: CellSummary) => Estimate) => linePicture(title, cells, of);
  return {
    intervals: overheadPicture(overheads, proxies),
    lines: [
      line("TTFT p50 by concurrency, ms", ({ ttftMs }) => ttftMs.p50),
      line("E2E p50 by concurrency, ms", ({ e2eMs }) => e2eMs.p50),
      line("TTFT p95 by concurrency, ms", ({ ttftMs }) => ttftMs.p95),
      line("E2E p95 by concurrency, ms", ({ e2eMs }) => e2eMs.p95),
    ],
    curves: [throughputCurve(cells)],
    stacks: [episodeStack(ledgers)],
  };
}

function notDrawn({ reasons }: CellSummary): Verdict | undefined {
  return reasons.find(({ verdict }) => spoiling.has(verdict))?.verdict;
}

const doubtful = ({ verdict }: CellSummary) => verdict !== "valid";

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
        : [{ concurrency, estimate, doubtful: doubtful(cell) }];
    });
  const arms = [...new Set(cells.map(({ arm }) => arm))];
  return {
    title: drawn.some(doubtful) ? `${title}. Hollow: not valid, see its verdict` : title,
    xAxis: "episodes in flight",
    yAxis: "ms",
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

/** What a user gets against what the engine gives: a service is chosen on the line that nothing beats in both. */
function throughputCurve(cells: readonly CellSummary[]): CurvePicture {
  const arms = [...new Set(cells.map(({ arm }) => arm))];
  return {
    title:
      "Output tokens per second: for one request against for all. Dashed: what no other cell beats in both",
    xAxis: "tok/s of one request (1000 / ITL p50)",
    yAxis: "tok/s of the engine",
    series: arms.map((name) => ({
      name,
      points: cells.flatMap((cell) => {
        const [itlMs, all] = [cell.itlMs.p50.value, cell.rates.outputTokensPerSecond.value];
        return cell.arm !== name ||
          notDrawn(cell) !== undefined ||
          itlMs === null ||
          itlMs <= 0 ||
          all === null
          ? []
          : [
              {
                x: 1000 / itlMs,
                y: all,
                label: String(cell.concurrency ?? cell.load),
                doubtful: doubtful(cell),
              },
            ];
      }),
    })),
  };
}

/** In words that need no table. */
const partNames: Readonly<Record<LedgerPart, string>> = {
  agentBefore: "agent",
  agentBetween: "agent",
  agentAfter: "agent",
  taps: "taps",
  gateway: "gateway",
  queue: "queue",
  prefill: "prefill",
  decode: "decode",
  engineUnsplit: "engine",
  callUnsplit: "call",
  tool: "tools",
  user: "user's model",
  userBetween: "user's model",
  session: "sessions",
};

function episodeStack(ledgers: readonly CellLedger[]): StackPicture {
  return {
    title: "Where the time of an episode went, mean seconds",
    axis: "seconds per episode",
    rows: ledgers.map(({ cellId, parts, residue }) => {
      const sums = new Map<string, number>();
      for (const [part, { seconds }] of Object.entries(parts)) {
        const name = partNames[part as LedgerPart];
        sums.set(name, (sums.get(name) ?? 0) + Math.max(0, seconds.value ?? 0));
      }
      sums.set("rest", Math.max(0, residue.seconds.value ?? 0));
      return {
        label: cellId,
        parts: [...sums].flatMap(([name, value]) => (value > 0 ? [{ name, value }] : [])),
      };
    }),
  };
}
