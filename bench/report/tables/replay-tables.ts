import type { ArmComparison, ComparedMetric, ReplayDifference } from "../../analysis/replay/comparison.ts";
import {
  tailMetrics,
  type TailDifference,
  type TailMetric,
  type TailName,
} from "../../analysis/replay/percentile-differences.ts";
import type { ArmRow, ReplayReport } from "../../analysis/replay/replay-report.ts";
import { minimumSampleRule } from "../../statistics/distribution.ts";
import type { StoredReplay } from "../model/stored-replay.ts";
import { latestArmFacts } from "../../store/preflight-record.ts";
import { marginText } from "./margin-text.ts";
import { absent, differenceText, numberText, signedText } from "./number-text.ts";
import { filled, left, right, type ColumnOf, type Table, type TableOf } from "./table.ts";

/** One arm against the baseline in one setting, with what its cells need of the whole report. */
export interface ComparisonRow {
  readonly comparison: ArmComparison;
  readonly name: string;
  readonly blockSeconds: number | null;
  /** Mean time between the taps of the arm itself. */
  readonly pathMs: number | null;
}

export function rowsOf(report: ReplayReport): readonly ComparisonRow[] {
  return report.comparisons.map((comparison) => {
    const { setting, arm } = comparison;
    const own = report.arms.find((row) => row.setting.key === setting.key && row.arm.label === arm.label);
    return {
      comparison,
      name: nameOf(comparison, report),
      blockSeconds: report.blockSeconds[setting.key] ?? null,
      pathMs: own?.pathMs ?? null,
    };
  });
}

/** What a difference is called: the arm minus the baseline, or which of the two controls it is. */
export function nameOf({ arm }: ArmComparison, { plan }: ReplayReport): string {
  if (arm.part === "again") return `A/A: ${arm.label}`;
  if (arm.part === "placebo") return `placebo: ${arm.label}`;
  return `${arm.label} - ${plan.arms[0]?.label ?? ""}`;
}

const isAltered = ({ comparison }: ComparisonRow) => comparison.altered !== undefined;
const hidden = (row: ComparisonRow) => row.comparison.streaming === "simulated" || isAltered(row);

function text({ interval, count }: ReplayDifference, notComparable = false): string {
  if (notComparable) return "not comparable";
  if (interval === null) return count === 0 ? absent : "too few blocks";
  return differenceText({ value: interval.estimate, ...interval, count });
}

const place: readonly [ColumnOf<ComparisonRow>, ColumnOf<ComparisonRow>] = [
  left("setting", ({ comparison }) => comparison.setting.key, "cache and load"),
  left("difference", ({ name }) => name, "arm minus baseline; A/A: the baseline against itself"),
];
/** A difference at the client; those about tokens are hidden where all tokens come at the end. */
const client =
  (metric: ComparedMetric, ofTokens = false) =>
  (row: ComparisonRow) =>
    text(row.comparison.metrics[metric], isAltered(row) || (ofTokens && hidden(row)));
const pairs = right(
  "pairs\n/blocks",
  ({ comparison }: ComparisonRow) => `${comparison.metrics.e2e.count}/${comparison.blocks}`,
  "requests that both arms answered alike, in whole blocks",
);

export const overhead: TableOf<ComparisonRow> = {
  title: "Overhead, ms per request at the client",
  columns: [
    ...place,
    pairs,
    right("TTFT", client("ttft", true), "sent to the first chunk with text, reasoning or a call"),
    right("ITL", client("itl", true), "(last token - first token) / (completion tokens - 1)"),
    right("E2E", client("e2e"), "sent to the end of the body"),
    right(
      "conversation",
      (row) => text(row.comparison.session, isAltered(row)),
      "E2E, summed over its requests",
    ),
  ],
};

/** Only where a margin was declared. */
export function marginColumn(margin: string): ColumnOf<ComparisonRow> {
  return left(
    `margin ${margin}`,
    ({ comparison, blockSeconds }) => {
      const found = comparison.metrics.e2e.margin;
      if (found === null) return absent;
      const moreSeconds =
        found.moreUnits === null || blockSeconds === null ? null : found.moreUnits * blockSeconds;
      return marginText(found, { limit: `${numberText(found.limitMs)} ms`, unit: "blocks", moreSeconds });
    },
    "whether the whole interval of E2E lies inside of the declared margin",
  );
}

interface TailRow extends ComparisonRow {
  readonly metric: TailMetric;
}

const tail = (name: TailName) =>
  right(name, (row: TailRow) =>
    isAltered(row) || (row.metric === "ttft" && hidden(row))
      ? "not comparable"
      : tailText(row.comparison.tails[row.metric][name]),
  );

export const percentiles: TableOf<TailRow> = {
  title: "Percentiles, ms at the client: the arm's minus the baseline's",
  columns: [
    ...place,
    left("of", ({ metric }) => metric.toUpperCase()),
    right(
      "pairs\n/blocks",
      ({ comparison, metric }) => `${comparison.metrics[metric].count}/${comparison.blocks}`,
    ),
    tail("p50"),
    tail("p95"),
    tail("p99"),
  ],
};

export function percentileTable(rows: readonly ComparisonRow[]): Table {
  return filled(
    percentiles,
    rows.flatMap((row) => tailMetrics.map((metric) => ({ ...row, metric }))),
    [`What a mean hides; t bootstrap over blocks. "n too small": ${minimumSampleRule}, in either arm.`],
  );
}

function tailText(tail: TailDifference | null): string {
  if (tail === null) return "n too small";
  const { baseline, arm, interval } = tail;
  if (interval === null) return signedText(arm - baseline);
  return differenceText({ value: interval.estimate, ...interval, count: interval.units });
}

export const split: TableOf<ComparisonRow> = {
  title: "Where it is, ms per request at the client: the four parts of E2E",
  columns: [
    ...place,
    right("before first byte", client("toFirstByte"), "sent to the head of the answer"),
    right("to first token", client("byteToToken", true), "from there to the first token"),
    right("between tokens", client("betweenTokens", true), "first to last token"),
    right("after last token", client("afterTokens", true), "from there to the end of the body"),
  ],
};

export const inLine: TableOf<ComparisonRow> = {
  title: "In line: (outer - inner tap) of the arm minus that of the baseline, ms per request",
  columns: [
    ...place,
    right("first byte", ({ comparison: { path, firstTokenRefused } }) =>
      path === null ? "inner: unavailable" : text(path.firstByteMs, firstTokenRefused !== undefined),
    ),
    right("first token", (row) => {
      const { path, firstTokenRefused } = row.comparison;
      const refused = hidden(row) || firstTokenRefused !== undefined;
      return path === null ? absent : text(path.firstTokenMs, refused);
    }),
    right("whole request", ({ comparison: { path } }) => (path === null ? absent : text(path.wholeMs))),
    right("arm's path", ({ pathMs }) => numberText(pathMs), "mean time between the taps of the arm itself"),
  ],
};

export function inLineTable(rows: readonly ComparisonRow[], arms: readonly ArmRow[]): Table {
  const notes = arms.flatMap(({ setting, arm, joined }) =>
    joined.samples === 0 || joined.samples === joined.requests
      ? []
      : [
          `${setting.key} ${arm.label}: ${joined.requests - joined.samples} of ${joined.requests} requests could not be joined`,
        ],
  );
  const refusals = rows.flatMap(({ name, comparison: { setting, firstTokenRefused } }) =>
    firstTokenRefused === undefined
      ? []
      : [`${setting.key} ${name}: first byte and first token not comparable: ${firstTokenRefused}`],
  );
  return filled(inLine, rows, [...notes, ...refusals]);
}

interface SizeRow extends ComparisonRow {
  readonly stratum: ArmComparison["strata"][number];
}

export const sizes: TableOf<SizeRow> = {
  title: "By prompt size: E2E difference, ms per request",
  columns: [
    ...place,
    left("prompt tokens", ({ stratum: { from, to } }) =>
      Number.isFinite(to) ? `${from} to ${to - 1}` : `${from} and more`,
    ),
    right("pairs", ({ stratum }) => String(stratum.e2e.count)),
    right("E2E", ({ stratum }) => text(stratum.e2e)),
  ],
};

export function sizeTable(rows: readonly ComparisonRow[]): Table {
  return filled(
    sizes,
    rows.flatMap((row) => row.comparison.strata.map((stratum) => ({ ...row, stratum }))),
  );
}

const both = (a: number | null, b: number | null) => `${numberText(a)} / ${numberText(b)}`;

export const arms: TableOf<ArmRow> = {
  title: "Each arm by itself, ms",
  columns: [
    left("setting", ({ setting }) => setting.key),
    left("arm", ({ arm }) => arm.label),
    right("requests\n/failed", ({ requests, failed }) => `${requests}/${failed}`, "within the steady window"),
    right("TTFT\np50 / p95", ({ ttftMs }) => both(ttftMs.p50, ttftMs.p95)),
    right(
      "from intended\np50 / p95",
      ({ ttftIntendedMs: of }) => both(of.p50, of.p95),
      "TTFT from when the plan wanted it sent",
    ),
    right("ITL\np50", ({ itlMs }) => numberText(itlMs.p50)),
    right("E2E\np50 / p95", ({ e2eMs }) => both(e2eMs.p50, e2eMs.p95)),
    right(
      "sent late\np50 / p99",
      ({ latenessMs }) => both(latenessMs.p50, latenessMs.p99),
      "what the client itself added",
    ),
    right(
      "cached\ntokens",
      ({ cachedTokensMean }) => numberText(cachedTokensMean),
      "of a prompt, mean; as the server tells it",
    ),
    right(
      "session\nopen/export",
      (row) => (row.sessionOpenMs === null ? absent : both(row.sessionOpenMs, row.sessionExportMs)),
      "means over conversations; none for an arm without sessions",
    ),
  ],
};

const parts = {
  baseline: "baseline",
  compared: "compared",
  again: "the baseline again (A/A): what this run can see",
  placebo: "placebo: a proxy that does nothing",
} as const;

/** What was reached how, and what was found out about it before the first block. */
export function stackTable({ plan, preflights, servers }: StoredReplay): Table {
  return {
    title: "Servers and arms",
    columns: [left("arm"), left("part"), left("kind"), left("streams"), left("reaches the agent engine")],
    rows: plan.arms.map(({ label, arm, kind, part }) => {
      const { streaming = null, sameEngine = null } = latestArmFacts(preflights, arm) ?? {};
      const reaches = sameEngine === null ? "not known" : sameEngine ? "yes" : "no: another engine";
      return [label, parts[part], kind, streaming ?? "not known", reaches];
    }),
    notes: servers,
  };
}
