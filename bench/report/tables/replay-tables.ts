import { minimumSampleRule } from "../../statistics/distribution.ts";
import { halfWidth, type Interval } from "../../statistics/interval.ts";
import { absent, durationText, numberText } from "./number-text.ts";
import { preflightSummary } from "./preflight-table.ts";
import { left, right, type Table } from "./table.ts";
import { leftOutText } from "../../store/left-out-checks.ts";
import { latestArmFacts } from "../../store/preflight-record.ts";
import type { StoredReplay } from "../model/stored-replay.ts";
import { type Comparison, pathMetrics, type ReplayDifference } from "../../analysis/replay/comparison.ts";
import { dropReasons } from "../../analysis/replay/paired-requests.ts";
import type { ReplayReport } from "../../analysis/replay/replay-report.ts";
import {
  tailMetrics,
  tailQuantiles,
  type TailDifference,
} from "../../analysis/replay/percentile-differences.ts";

/** Every table of a replay, in the order of reading: the answer first. */
export function replayTables(report: StoredReplay): readonly Table[] {
  return [
    overheadTable(report),
    tailTable(report),
    splitTable(report),
    pathTable(report),
    sizeTable(report),
    armTable(report),
    ...report.preflights.map((record) => {
      const table = preflightSummary(record);
      return { ...table, notes: [...table.notes, leftOutText] };
    }),
  ];
}

function nameOf({ arm }: Comparison, report: ReplayReport): string {
  const baseline = report.plan.arms[0]?.label ?? "";
  if (arm.part === "again") return `A/A: ${arm.label}`;
  if (arm.part === "placebo") return `placebo: ${arm.label}`;
  return `${arm.label} - ${baseline}`;
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${numberText(value)}`;
}

function text({ interval, count }: ReplayDifference, notComparable = false): string {
  if (notComparable) return "not comparable";
  if (interval === null) return count === 0 ? absent : "too few blocks";
  return rangeText(interval);
}

function rangeText({ estimate, low, high }: Interval): string {
  return `${signed(estimate)} [${signed(low)}, ${signed(high)}]`;
}

function simulated({ streaming }: Comparison): boolean {
  return streaming === "simulated";
}

function overheadTable(report: ReplayReport): Table {
  const { comparisons, plan } = report;
  return {
    title: `Overhead, ms per request at the client (arm minus ${plan.arms[0]?.label ?? "baseline"}), ${intervalText(report)}`,
    columns: [
      left("setting"),
      left("difference"),
      right("pairs\n/blocks"),
      right("TTFT"),
      right("ITL"),
      right("E2E"),
      right("conversation"),
      ...(plan.margin === null ? [] : [left(`margin ${plan.margin}`)]),
    ],
    rows: comparisons.map((comparison) => {
      const { metrics, blocks, session, setting } = comparison;
      return [
        setting.key,
        nameOf(comparison, report),
        `${metrics.e2e.count}/${blocks}`,
        text(metrics.ttft, simulated(comparison)),
        text(metrics.itl, simulated(comparison)),
        text(metrics.e2e),
        text(session),
        ...(plan.margin === null ? [] : [marginText(metrics.e2e, report.blockSeconds[setting.key] ?? null)]),
      ];
    }),
    notes: [
      ...floorNotes(report),
      ...comparisons.flatMap((comparison) => dropNotes(comparison, report)),
      ...comparisons.flatMap((comparison) => cacheNotes(comparison, report)),
      ...comparisons
        .filter(simulated)
        .map(
          (comparison) =>
            `${nameOf(comparison, report)}: its tokens arrive all at the end; TTFT not comparable`,
        ),
    ],
  };
}

function tailTable(report: ReplayReport): Table {
  return {
    title: "Percentiles, ms at the client: the arm's minus the baseline's",
    columns: [
      left("setting"),
      left("difference"),
      left("of"),
      right("pairs\n/blocks"),
      ...Object.keys(tailQuantiles).map((name) => right(name)),
    ],
    rows: report.comparisons.flatMap((comparison) =>
      tailMetrics.map((metric) => [
        comparison.setting.key,
        nameOf(comparison, report),
        metric.toUpperCase(),
        `${comparison.metrics[metric].count}/${comparison.blocks}`,
        ...Object.values(comparison.tails[metric]).map((tail) =>
          metric === "ttft" && simulated(comparison) ? "not comparable" : tailText(tail),
        ),
      ]),
    ),
    notes: [
      `What a mean hides; t bootstrap over blocks. "n too small": ${minimumSampleRule}, in either arm.`,
    ],
  };
}

function tailText(tail: TailDifference | null): string {
  if (tail === null) return "n too small";
  const { baseline, arm, interval } = tail;
  return interval === null ? signed(arm - baseline) : rangeText(interval);
}

function intervalText({ looks, confidence }: ReplayReport): string {
  if (looks === 1) return "95 % t interval over blocks";
  return `t interval over blocks, ${(100 * confidence).toFixed(2)} % each, 95 % over all ${looks} looks`;
}

function marginText({ margin }: ReplayDifference, blockSeconds: number | null): string {
  if (margin === null) return absent;
  const limit = `±${numberText(margin.limitMs)} ms`;
  if (margin.verdict === "inside") return `inside ${limit}\n(negligible)`;
  if (margin.verdict === "outside") return `outside ${limit}`;
  if (margin.moreUnits === null) return `cannot tell ${limit}`;
  const time = blockSeconds === null ? "" : `,\nabout ${durationText(margin.moreUnits * blockSeconds)}`;
  return `cannot tell ${limit}:\n${margin.moreUnits} more blocks${time}`;
}

/** What this machine and stack report where there is nothing to find. */
function floorNotes({ comparisons }: ReplayReport): string[] {
  return comparisons.flatMap(({ setting, arm, metrics: { e2e } }) =>
    arm.part !== "again" || e2e.interval === null
      ? []
      : [
          `${setting.key}: floor: the baseline against itself differs by ${signed(e2e.interval.estimate)} ms; ±${numberText(halfWidth(e2e.interval))} ms is what this run can see`,
        ],
  );
}

function dropNotes(comparison: Comparison, report: ReplayReport): string[] {
  const { dropped, otherText, setting } = comparison;
  const counts = dropReasons.flatMap((reason) =>
    dropped[reason] === 0 ? [] : [`${dropped[reason]} ${reason}`],
  );
  const name = `${setting.key} ${nameOf(comparison, report)}`;
  return [
    ...(counts.length === 0 ? [] : [`${name}: left out: ${counts.join(", ")}`]),
    ...(otherText === 0 ? [] : [`${name}: ${otherText} pairs say something else in equally many tokens`]),
  ];
}

/** An arm that finds more of its prompts in the cache is faster for a reason that is not its own. */
function cacheNotes(comparison: Comparison, report: ReplayReport): string[] {
  const { cachedTokens: cached, setting } = comparison;
  if (cached === null || Math.abs(cached.arm - cached.baseline) <= cacheShareMax * cached.baseline) return [];
  return [
    `${setting.key} ${nameOf(comparison, report)}: ${numberText(cached.arm)} tokens of a prompt were cached, ${numberText(cached.baseline)} at the baseline: a part of the difference is the cache's`,
  ];
}

const cacheShareMax = 0.01;

function splitTable(report: ReplayReport): Table {
  return {
    title: "Where it is, ms per request at the client: the four parts of E2E",
    columns: [
      left("setting"),
      left("difference"),
      right("before first byte"),
      right("to first token"),
      right("between tokens"),
      right("after last token"),
    ],
    rows: report.comparisons.map((comparison) => {
      const { metrics, setting } = comparison;
      const hidden = simulated(comparison);
      return [
        setting.key,
        nameOf(comparison, report),
        text(metrics.toFirstByte),
        text(metrics.byteToToken, hidden),
        text(metrics.betweenTokens, hidden),
        text(metrics.afterTokens, hidden),
      ];
    }),
    notes: [],
  };
}

function pathTable(report: ReplayReport): Table {
  return {
    title: "In line: (outer - inner tap) of the arm minus that of the baseline, ms per request",
    columns: [
      left("setting"),
      left("difference"),
      right("first byte"),
      right("first token"),
      right("whole request"),
      right("arm's path"),
    ],
    rows: report.comparisons.map((comparison) => {
      const { path, setting, arm } = comparison;
      const row = report.arms.find((row) => row.setting.key === setting.key && row.arm.label === arm.label);
      return [
        setting.key,
        nameOf(comparison, report),
        ...(path === null
          ? ["inner: unavailable", absent, absent]
          : pathMetrics.map((metric) =>
              text(path[metric], metric === "firstTokenMs" && simulated(comparison)),
            )),
        numberText(row?.pathMs ?? null),
      ];
    }),
    notes: report.arms.flatMap(({ setting, arm, joined }) =>
      joined.samples === 0 || joined.samples === joined.requests
        ? []
        : [
            `${setting.key} ${arm.label}: ${joined.requests - joined.samples} of ${joined.requests} requests could not be joined`,
          ],
    ),
  };
}

function sizeTable(report: ReplayReport): Table {
  return {
    title: "By prompt size: E2E difference, ms per request",
    columns: [left("setting"), left("difference"), left("prompt tokens"), right("pairs"), right("E2E")],
    rows: report.comparisons.flatMap((comparison) =>
      comparison.strata.map(({ from, to, e2e }) => [
        comparison.setting.key,
        nameOf(comparison, report),
        Number.isFinite(to) ? `${from} to ${to - 1}` : `${from} and more`,
        String(e2e.count),
        text(e2e),
      ]),
    ),
    notes: [],
  };
}

function armTable(report: ReplayReport): Table {
  const pair = (a: number | null, b: number | null) => `${numberText(a)} / ${numberText(b)}`;
  return {
    title: "Each arm by itself, ms",
    columns: [
      left("setting"),
      left("arm"),
      right("requests\n/failed"),
      right("TTFT\np50 / p95"),
      right("from intended\np50 / p95"),
      right("ITL\np50"),
      right("E2E\np50 / p95"),
      right("sent late\np50 / p99"),
      right("cached\ntokens"),
      right("session\nopen/export"),
    ],
    rows: report.arms.map((row) => [
      row.setting.key,
      row.arm.label,
      `${row.requests}/${row.failed}`,
      pair(row.ttftMs.p50, row.ttftMs.p95),
      pair(row.ttftIntendedMs.p50, row.ttftIntendedMs.p95),
      numberText(row.itlMs.p50),
      pair(row.e2eMs.p50, row.e2eMs.p95),
      pair(row.latenessMs.p50, row.latenessMs.p99),
      numberText(row.cachedTokensMean),
      row.sessionOpenMs === null ? absent : pair(row.sessionOpenMs, row.sessionExportMs),
    ]),
    notes: [
      "TTFT, ITL and E2E count from the sending of the request; 'from intended' is TTFT from when the plan wanted it sent. Only requests within the steady window.",
    ],
  };
}

/** What stands above the tables. */
export function replayHead(report: ReplayReport): readonly string[] {
  const { plan, verdict, reasons } = report;
  return [
    `Replay ${report.runId}`,
    `${report.simulated ? "SIMULATED engines. " : ""}${plan.conversations} conversations, ${plan.requests} requests of ${plan.source.runId}, cell ${plan.source.cellId}`,
    `${report.createdAt}, ${report.machine}; seed ${plan.seed}, at most ${plan.maxTokens} tokens, temperature ${plan.temperature}, think time x ${plan.thinkScale}`,
    `verdict: ${verdict}`,
    ...reasons.slice(0, reasonsShown).map(({ verdict, detail }) => `  ${verdict}: ${detail}`),
    ...(reasons.length > reasonsShown
      ? [`  and ${reasons.length - reasonsShown} more: see report.json`]
      : []),
  ];
}

const reasonsShown = 8;

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
