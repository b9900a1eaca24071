import { spoiling, type Verdict } from "../../analysis/cell/verdict.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { CellLedger, LedgerPart } from "../../analysis/ledger/cell-ledger.ts";
import { meanOf } from "../../statistics/distribution.ts";
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
  const service = [
    lines("TTFT p50 by concurrency, ms", "ms", ({ ttftMs }) => ttftMs.p50),
    lines("E2E p50 by concurrency, ms", "ms", ({ e2eMs }) => e2eMs.p50),
    lines("ITL p50 by concurrency, ms", "ms", ({ itlMs }) => itlMs.p50),
    lines("TTFT p95 by concurrency, ms", "ms", ({ ttftMs }) => ttftMs.p95),
    lines("E2E p95 by concurrency, ms", "ms", ({ e2eMs }) => e2eMs.p95),
  ];
  const pace = lines(
    "Episodes per minute by concurrency",
    "per minute",
    ({ rates }) => rates.episodesPerMinute,
  );
  const throughput = throughputSection(cells, run.agentGpus ?? null);
  return [
    {
      title: "Service by load",
      notes: [
        "Bars: 95 % intervals over episodes. Several marks at a load: repetitions; the line goes through their mean.",
        ...(cells.some(isDoubtful) ? ["Hollow: a cell that is not valid, see its verdict."] : []),
        ...tooFewNote(service),
      ],
      pictures: service,
    },
    { ...throughput, pictures: [pace, ...throughput.pictures] },
    {
      title: "Time of an episode",
      notes: [],
      pictures: [{ kind: "stack", ...episodeStack(ledgers) }],
    },
    ...ttftSections(cells.filter((cell) => notDrawn(cell) === undefined)),
    overTimeSection(cells),
  ];
}

/** Which pictures are missing because no cell, or one alone, has enough requests for the percentile. */
function tooFewNote(pictures: readonly Picture[]): string[] {
  const empty = pictures.flatMap((picture) =>
    picture.kind === "lines" && picture.series.flatMap(({ points }) => points).length < 2
      ? [picture.title]
      : [],
  );
  const names = empty.map((title) => title.split(" by ")[0]);
  return names.length === 0
    ? []
    : [
        `No picture of ${names.join(", ")}: too few requests in the cells (n too small, see Definitions: percentile).`,
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
  const drawn = cells.filter((cell) => notDrawn(cell) === undefined);
  const per = gpus === null ? "per engine" : `per GPU (${gpus} GPU${gpus === 1 ? "" : "s"})`;
  const curve: CurvePicture = {
    title: `Output tokens per second: per user against ${per}`,
    xAxis: "tok/s per user (1000 / ITL p50)",
    yAxis: `tok/s ${gpus === null ? "of the engine" : "per GPU"}`,
    series: armsOf(cells).map((name) => ({
      name,
      points: [
        ...Map.groupBy(
          drawn.filter(({ arm }) => arm === name),
          ({ load }) => load,
        ).values(),
      ].flatMap((repeated) => pointOf(repeated, gpus ?? 1)),
    })),
  };
  return {
    title: "Throughput for a user and for the machine",
    notes: [
      "A point for each arm at each load, numbered by it, the mean of its repetitions. Dashed: what no other point beats in both (Pareto front). Up and to the right is better.",
      ...(gpus === null
        ? ["How many GPUs the engine has is not stated in the experiment: all of the engine."]
        : []),
    ],
    pictures: [{ kind: "curve", ...curve }],
  };
}

/** The mean over repetitions; nothing where one of them does not tell. */
function pointOf(
  repeated: readonly CellSummary[],
  machines: number,
): CurvePicture["series"][number]["points"] {
  const told = repeated.flatMap(({ itlMs, rates }) => {
    const [ms, all] = [itlMs.p50.value, rates.outputTokensPerSecond.value];
    return ms === null || ms <= 0 || all === null ? [] : [{ x: 1000 / ms, y: all / machines }];
  });
  const [first] = repeated;
  if (first === undefined || told.length < repeated.length) return [];
  return [
    {
      x: meanOf(told.map(({ x }) => x)),
      y: meanOf(told.map(({ y }) => y)),
      label: String(first.concurrency ?? first.load),
      doubtful: repeated.some(isDoubtful),
    },
  ];
}

/** In words that need no table, in the order of a bar. */
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

/** What no part explains. */
const rest = "rest";

function episodeStack(ledgers: readonly CellLedger[]): StackPicture {
  return {
    title: "Where the time of an episode went, mean seconds",
    axis: "seconds per episode",
    names: [...new Set([...Object.values(partNames), rest])],
    rows: ledgers.map(({ cellId, parts, residue }) => {
      const sums = new Map(Object.values(partNames).map((name) => [name, 0]));
      for (const [part, { seconds }] of Object.entries(parts)) {
        const name = partNames[part as LedgerPart];
        sums.set(name, (sums.get(name) ?? 0) + Math.max(0, seconds.value ?? 0));
      }
      sums.set(rest, Math.max(0, residue.seconds.value ?? 0));
      return {
        label: cellId,
        parts: [...sums].flatMap(([name, value]) => (value > 0 ? [{ name, value }] : [])),
      };
    }),
  };
}
