import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { CellLedger, LedgerPart } from "../../analysis/ledger/cell-ledger.ts";
import { meanOf } from "../../statistics/distribution.ts";
import { wayOf } from "../../store/place.ts";
import type { ReportModel } from "../model/report-model.ts";
import type { CurvePicture, PictureSection, StackPicture } from "./document.ts";
import { lengthSection } from "./length-pictures.ts";
import { overTimeSection } from "./over-time-pictures.ts";
import { scoreSection } from "./score-pictures.ts";
import { armsOf, isDoubtful, notDrawn, pacePictures, serviceSection } from "./service-pictures.ts";
import { ttftSections } from "./ttft-pictures.ts";

/** What a sweep's page draws below its answer: the service, then where the time of an episode went, then the parts of a cell. */
export function sweepSections(report: ReportModel): readonly PictureSection[] {
  const { cells, ledgers, run } = report;
  const throughput = throughputSection(cells, run);
  return [
    scoreSection(report),
    lengthSection(report.lengths),
    serviceSection(report),
    { ...throughput, pictures: [...pacePictures(report), ...throughput.pictures] },
    {
      title: "Time of an episode",
      notes: [],
      pictures: [{ kind: "stack", ...episodeStack(ledgers) }],
    },
    ...ttftSections(cells.filter((cell) => notDrawn(cell) === undefined)),
    overTimeSection(cells),
  ];
}

/** What a user gets against what the machine gives: a service is chosen on the line that nothing beats in both. */
function throughputSection(cells: readonly CellSummary[], run: GivenGpus): PictureSection {
  const drawn = cells.filter((cell) => notDrawn(cell) === undefined);
  const counts = [...new Set(cells.map((cell) => gpusOf(cell, run)))];
  const gpus = counts.includes(null) ? null : (counts[0] ?? null);
  const word = counts.length > 1 ? counts.join(" or ") : String(gpus);
  const per = gpus === null ? "per engine" : `per GPU (${word} GPU${word === "1" ? "" : "s"})`;
  const curve: CurvePicture = {
    title: `Output tokens per second: per user against ${per}`,
    xAxis: "tok/s per user (1000 / ITL p50)",
    yAxis: `tok/s ${gpus === null ? "of the engine" : "per GPU"}`,
    series: armsOf(cells).map((name) => ({
      name,
      points: [
        ...Map.groupBy(
          drawn.filter((cell) => wayOf(cell) === name),
          ({ load }) => load,
        ).values(),
      ].flatMap((repeated) => pointOf(repeated, gpus === null ? 1 : (gpusOf(repeated[0], run) ?? 1))),
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

type GivenGpus = Pick<ReportModel["run"], "agentGpus" | "variantGpus">;

/** Of the engine that a cell ran on; null where the experiment does not say. */
function gpusOf(cell: CellSummary | undefined, { agentGpus, variantGpus }: GivenGpus): number | null {
  return (cell?.variant === undefined ? agentGpus : variantGpus?.[cell.variant]) ?? null;
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
