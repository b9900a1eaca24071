import { spoiling, type Verdict } from "../../analysis/cell/verdict.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { CellLedger, LedgerPart } from "../../analysis/ledger/cell-ledger.ts";
import type { ReportModel } from "../model/report-model.ts";
import type { CurvePicture, LinePicture, Picture, PictureSection, StackPicture } from "./document.ts";
import { overTimeSection } from "./over-time-pictures.ts";
import { ttftSections } from "./ttft-pictures.ts";

/** What a sweep's page draws below its answer: the service, then where the time of an episode went, then the parts of a cell. */
export function sweepSections(report: ReportModel): readonly PictureSection[] {
  const { cells, ledgers, run } = report;
  const lines = (title: string, unit: string, of: (cell: CellSummary) => Estimate): Picture => ({
    kind: "lines",
    ...linePicture({ title, unit }, cells, of),
  });
  return [
    {
      title: "Service by load",
      notes: cells.some(isDoubtful) ? ["Hollow: a cell that is not valid, see its verdict."] : [],
      pictures: [
        lines("TTFT p50 by concurrency, ms", "ms", ({ ttftMs }) => ttftMs.p50),
        lines("E2E p50 by concurrency, ms", "ms", ({ e2eMs }) => e2eMs.p50),
        lines("TTFT p95 by concurrency, ms", "ms", ({ ttftMs }) => ttftMs.p95),
        lines("E2E p95 by concurrency, ms", "ms", ({ e2eMs }) => e2eMs.p95),
        lines("ITL p50 by concurrency, ms", "ms", ({ itlMs }) => itlMs.p50),
        lines("Episodes per minute by concurrency", "per minute", ({ rates }) => rates.episodesPerMinute),
      ],
    },
    throughputSection(cells, run.agentGpus ?? null),
    {
      title: "Time of an episode",
      notes: [],
      pictures: [{ kind: "stack", ...episodeStack(ledgers) }],
    },
    ...ttftSections(cells.filter((cell) => notDrawn(cell) === undefined)),
    overTimeSection(cells),
  ];
}

function notDrawn({ reasons }: CellSummary): Verdict | undefined {
  return reasons.find(({ verdict }) => spoiling.has(verdict))?.verdict;
}

function isDoubtful({ verdict }: CellSummary): boolean {
  return verdict !== "valid";
}

function linePicture(
  { title, unit }: { readonly title: string; readonly unit: string },
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
        : [{ at: concurrency, label: String(concurrency), estimate, doubtful: isDoubtful(cell) }];
    });
  return {
    title,
    xAxis: "episodes in flight",
    yAxis: unit,
    leftOut: cells.flatMap((cell) => {
      const verdict = notDrawn(cell);
      return verdict === undefined ? [] : [`${cell.cellId} is ${verdict}`];
    }),
    series: armsOf(cells).map((name) => ({ name, points: points(name).sort((a, b) => a.at - b.at) })),
  };
}

function armsOf(cells: readonly CellSummary[]): readonly string[] {
  return [...new Set(cells.map(({ arm }) => arm))];
}

/** What a user gets against what the machine gives: a service is chosen on the line that nothing beats in both. */
function throughputSection(cells: readonly CellSummary[], gpus: number | null): PictureSection {
  const per = gpus === null ? "per engine" : `per GPU (${gpus} GPU${gpus === 1 ? "" : "s"})`;
  const curve: CurvePicture = {
    title: `Output tokens per second: per user against ${per}`,
    xAxis: "tok/s per user (1000 / ITL p50)",
    yAxis: `tok/s ${gpus === null ? "of the engine" : "per GPU"}`,
    series: armsOf(cells).map((name) => ({
      name,
      points: cells.flatMap((cell) => {
        const [itlMs, all] = [cell.itlMs.p50.value, cell.rates.outputTokensPerSecond.value];
        if (cell.arm !== name || notDrawn(cell) !== undefined) return [];
        if (itlMs === null || itlMs <= 0 || all === null) return [];
        const label = String(cell.concurrency ?? cell.load);
        return [{ x: 1000 / itlMs, y: all / (gpus ?? 1), label, doubtful: isDoubtful(cell) }];
      }),
    })),
  };
  return {
    title: "Throughput for a user and for the machine",
    notes: [
      "A point for each cell, numbered by its load. Dashed: cells that no other one beats in both (Pareto front). Up and to the right is better.",
      ...(gpus === null
        ? ["How many GPUs the engine has is not stated in the experiment: all of the engine."]
        : []),
    ],
    pictures: [{ kind: "curve", ...curve }],
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
