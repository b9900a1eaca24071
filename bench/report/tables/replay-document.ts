import {
  comparedMetrics,
  type ArmComparison,
  type ReplayDifference,
} from "../../analysis/replay/comparison.ts";
import { dropReasons } from "../../analysis/replay/paired-requests.ts";
import { tailMetrics } from "../../analysis/replay/percentile-differences.ts";
import type { ReplayReport } from "../../analysis/replay/replay-report.ts";
import { halfWidth, type Interval } from "../../statistics/interval.ts";
import { leftOutText } from "../../store/left-out-checks.ts";
import type { StoredReplay } from "../model/stored-replay.ts";
import type { Value } from "./cell-metrics.ts";
import type { IntervalPicture, IntervalRow, ReportDocument } from "./document.ts";
import { engineLatencyTables } from "./engine-latency-table.ts";
import { fidelityTables } from "./fidelity-table.ts";
import { numberText, signedText } from "./number-text.ts";
import { preflightSummary } from "./preflight-table.ts";
import { replayAnswers } from "./replay-finding.ts";
import * as tables from "./replay-tables.ts";
import { filled, type Table } from "./table.ts";

/** The report of a replay. Pure. */
export function replayDocument(report: StoredReplay): ReportDocument {
  const { verdict, reasons } = report;
  const [head, said] = [headLines(report), reasons.map(({ verdict, detail }) => `${verdict}: ${detail}`)];
  const more = said.length - reasonsShown;
  return {
    title: report.runId,
    head: [
      ...head,
      `verdict: ${verdict}`,
      ...said.slice(0, reasonsShown).map((reason) => `  ${reason}`),
      ...(more > 0 ? [`  and ${more} more: see report.json`] : []),
    ],
    simulated: report.simulated,
    notice: null,
    tables: replayTables(report),
    warnings: [],
    definitions: [],
    csv: csvRows(report),
    json: report,
    page: {
      verdict: { head, verdict, reasons: said },
      next: null,
      answer: replayAnswers(report),
      tablesFirst: 0,
      intervals: picturedDifferences(report),
      sections: [],
      tables: [tables.stackTable(report)],
    },
  };
}

const reasonsShown = 8;

function headLines({ runId, simulated, plan, createdAt, machine }: StoredReplay): readonly string[] {
  return [
    `Replay ${runId}`,
    `${simulated ? "SIMULATED engines. " : ""}${plan.conversations} conversations, ${plan.requests} requests of ${plan.source.runId}, cell ${plan.source.cellId}`,
    `${createdAt}, ${machine}; seed ${plan.seed}, at most ${plan.maxTokens} tokens, temperature ${plan.temperature}, think time x ${plan.thinkScale}`,
  ];
}

/** Every table of a replay, in the order of reading: the answer first. */
export function replayTables(report: StoredReplay): readonly Table[] {
  const rows = tables.rowsOf(report);
  return [
    overheadTable(report, rows),
    tables.percentileTable(rows),
    filled(tables.split, rows),
    tables.inLineTable(rows, report.arms),
    tables.sizeTable(rows),
    filled(tables.arms, report.arms, [
      "TTFT, ITL and E2E count from the sending of the request; 'from intended' is TTFT from when the plan wanted it sent. Only requests within the steady window.",
    ]),
    ...engineLatencyTables(
      (report.engineLatencies ?? []).map(({ setting, arm, latencies }) => {
        return { cellId: `${setting} ${arm}`, engineLatencies: latencies };
      }),
    ),
    ...fidelityTables(report.fidelity ?? []),
    ...report.preflights.map((record) => {
      const table = preflightSummary(record);
      return { ...table, notes: [...table.notes, leftOutText] };
    }),
  ];
}

function overheadTable(report: StoredReplay, rows: readonly tables.ComparisonRow[]): Table {
  const { plan, looks, confidence, comparisons } = report;
  const intervals =
    looks === 1
      ? "95 % t interval over blocks"
      : `t interval over blocks, ${(100 * confidence).toFixed(2)} % each, 95 % over all ${looks} looks`;
  const title = `${tables.overhead.title} (arm minus ${plan.arms[0]?.label ?? "baseline"}), ${intervals}`;
  const margin = plan.margin === null ? [] : [tables.marginColumn(plan.margin)];
  const named = (of: (comparison: ArmComparison) => readonly string[]) =>
    comparisons.flatMap((comparison) =>
      of(comparison).map((note) => `${comparison.setting.key} ${tables.nameOf(comparison, report)}: ${note}`),
    );
  return filled({ title, columns: [...tables.overhead.columns, ...margin] }, rows, [
    ...comparisons.flatMap(floorNote),
    ...named(dropNotes),
    ...named(cacheNote),
    ...rows.flatMap(({ comparison, name }) =>
      comparison.streaming === "simulated"
        ? [`${name}: its tokens arrive all at the end; TTFT not comparable`]
        : [],
    ),
    ...named(({ altered }) => (altered === undefined ? [] : [`not comparable: ${altered}`])),
  ]);
}

/** What this machine and stack report where there is nothing to find. */
function floorNote({ setting, arm, metrics: { e2e } }: ArmComparison): string[] {
  if (arm.part !== "again" || e2e.interval === null) return [];
  return [
    `${setting.key}: floor: the baseline against itself differs by ${signedText(e2e.interval.estimate)} ms; ±${numberText(halfWidth(e2e.interval))} ms is what this run can see`,
  ];
}

function dropNotes({ dropped, otherText }: ArmComparison): string[] {
  const counts = dropReasons.flatMap((reason) =>
    dropped[reason] === 0 ? [] : [`${dropped[reason]} ${reason}`],
  );
  return [
    ...(counts.length === 0 ? [] : [`left out: ${counts.join(", ")}`]),
    ...(otherText === 0 ? [] : [`${otherText} pairs say something else in equally many tokens`]),
  ];
}

const cacheShareMax = 0.01;

/** An arm that finds more of its prompts in the cache is faster for a reason that is not its own. */
function cacheNote({ cachedTokens: cached }: ArmComparison): string[] {
  if (cached === null || Math.abs(cached.arm - cached.baseline) <= cacheShareMax * cached.baseline) return [];
  return [
    `${numberText(cached.arm)} tokens of a prompt were cached, ${numberText(cached.baseline)} at the baseline: a part of the difference is the cache's`,
  ];
}

/** A row per setting, arm, metric and statistic. */
function csvRows({ comparisons }: ReplayReport): readonly Readonly<Record<string, Value>>[] {
  return comparisons.flatMap((comparison) => {
    const mean = (metric: string, { interval, count, baselineMean, armMean }: ReplayDifference) =>
      csvRow(comparison, { metric, statistic: "mean", pairs: count }, [baselineMean, armMean, interval]);
    return [
      ...comparedMetrics.map((metric) => mean(metric, comparison.metrics[metric])),
      mean("conversation", comparison.session),
      ...Object.entries(comparison.path ?? {}).map(([metric, difference]) =>
        mean(`path_${metric.replace("Ms", "")}`, difference),
      ),
      ...tailMetrics.flatMap((metric) =>
        Object.entries(comparison.tails[metric]).map(([statistic, tail]) =>
          csvRow(comparison, { metric, statistic, pairs: comparison.metrics[metric].count }, [
            tail?.baseline ?? null,
            tail?.arm ?? null,
            tail?.interval ?? null,
          ]),
        ),
      ),
    ];
  });
}

function csvRow(
  { setting, arm, blocks }: ArmComparison,
  of: { readonly metric: string; readonly statistic: string; readonly pairs: number },
  [baseline, other, interval]: readonly [number | null, number | null, Interval | null],
): Readonly<Record<string, Value>> {
  return {
    setting: setting.key,
    arm: arm.label,
    part: arm.part,
    ...of,
    blocks,
    baseline_ms: baseline,
    arm_ms: other,
    difference_ms: interval?.estimate ?? null,
    low_ms: interval?.low ?? null,
    high_ms: interval?.high ?? null,
    confidence: interval?.confidence ?? null,
  };
}

/** A group per setting, a row per arm in it: in the order of the tables. */
export function picturedDifferences({
  plan,
  comparisons,
  confidence,
}: Pick<StoredReplay, "plan" | "comparisons" | "confidence">): IntervalPicture {
  const baseline = plan.arms[0]?.label ?? "the baseline";
  const name = `E2E difference to ${baseline}, ms per request`;
  return {
    name,
    caption: `${name}: estimate and ${Number((100 * confidence).toFixed(2))} % interval. Filled: what is compared. Hollow circle: ${baseline} again (A/A), the floor. Hollow square: a proxy that does nothing (placebo).`,
    axis: `ms: left of 0 the arm is faster than ${baseline}, right of 0 slower`,
    groups: plan.settings.map(({ key }) => {
      const own = comparisons.filter(({ setting }) => setting.key === key);
      const blocks = Math.max(0, ...own.map(({ blocks }) => blocks));
      return { title: `${key}, ${blocks} blocks`, rows: own.map(intervalRow) };
    }),
  };
}

const marks = {
  baseline: { mark: "aaRun", suffix: "" },
  compared: { mark: "compared", suffix: "" },
  again: { mark: "aaRun", suffix: " (A/A floor)" },
  placebo: { mark: "nullProxy", suffix: " (placebo)" },
} as const;

function intervalRow({ arm, altered, metrics: { e2e } }: ArmComparison): IntervalRow {
  const { mark, suffix } = marks[arm.part];
  return {
    label: `${arm.label}${suffix}`,
    mark,
    interval: e2e.interval,
    absent:
      altered !== undefined
        ? "not comparable: altered"
        : e2e.count === 0
          ? "absent: no pairs"
          : "absent: too few blocks",
    count: e2e.count,
  };
}
