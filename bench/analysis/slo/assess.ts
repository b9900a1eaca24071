import { z } from "zod";
import type { Slo, TimeObjective } from "../../config/slo-schema.ts";
import { minimumSamples, meanOf, standardDeviation } from "../../statistics/distribution.ts";
import { studentTQuantile } from "../../statistics/reference-distributions.ts";
import { boundedMeanInterval } from "../../statistics/wilson.ts";
import { clusterInterval, type ClusteredValue, type Limits } from "../estimates/cluster-interval.ts";
import { counted, estimateSchema, ratio, type Estimate } from "../estimates/estimate.ts";
import { shares, statisticOf, type ObservedCell, type Outcome } from "./observed-cell.ts";
import { passRateDrop } from "./pass-rate-drop.ts";

/** `met`: the whole interval keeps the limit. `missed`: all of it lies beyond. Otherwise the data cannot tell. */
export const sloFindings = ["met", "missed", "cannot-tell"] as const;
export type SloFinding = (typeof sloFindings)[number];

export const objectiveFindingSchema = z.object({
  /** As `sweep.slo` has it, e.g. `ttft_p95`. */
  name: z.string(),
  /** As it was written, e.g. `2s`; `limit` is the same in the unit of the value. */
  text: z.string(),
  unit: z.enum(["ms", "share"]),
  limit: z.number(),
  /** With its 95 % interval; `count` is requests, episodes, or of a pass rate tasks. */
  value: estimateSchema,
  /** Share of values beyond the limit; decides where there are too few values to state the percentile. null: of a pass rate. */
  beyond: estimateSchema.nullable(),
  finding: z.enum(sloFindings),
  /** What a finding lacks, in words; null where nothing. */
  why: z.string().nullable(),
});
export type ObjectiveFinding = z.infer<typeof objectiveFindingSchema>;

export const assessmentSchema = z.object({
  finding: z.enum(sloFindings),
  /** Of the cell as a whole: why its times decide nothing; null where they decide. */
  why: z.string().nullable(),
  objectives: z.array(objectiveFindingSchema),
  /** Episodes per minute that did not fail and kept every limit themselves, and all that did not fail. */
  goodput: estimateSchema,
  episodesPerMinute: estimateSchema,
  /** Episodes in flight while the load was held, mean over time; null where it never was. */
  inFlight: z.number().nullable(),
  /** Why a miss may be the client's and not the service's; null where nothing says so. */
  doubt: z.string().nullable(),
});
export type Assessment = z.infer<typeof assessmentSchema>;

/**
 * Whether cells of one arm at one load hold the limits; several are repetitions, and then what varies between them is in the intervals.
 * @param baseline outcomes that a loss of passed tasks is counted from; null: these are the baseline
 */
export function assess(
  cells: readonly ObservedCell[],
  slo: Slo,
  baseline: readonly Outcome[] | null,
): Assessment {
  return withPassRate(assessTimes(cells, slo), slo, { cells, baseline });
}

/** What the times alone say. */
export function assessTimes(cells: readonly ObservedCell[], slo: Slo): Assessment {
  const objectives = slo.times.map((objective) => timeFinding(cells, objective));
  const spoiled = cells.flatMap((cell) => (cell.spoiled === null ? [] : [`${cell.cellId}: ${cell.spoiled}`]));
  const unusable = cells.flatMap((cell) =>
    cell.unusable === null ? [] : [`${cell.cellId}: ${cell.unusable}`],
  );
  const sum = (of: (cell: ObservedCell) => number) => cells.reduce((total, cell) => total + of(cell), 0);
  const seconds = cells.some((cell) => cell.seconds === null) ? null : sum((cell) => cell.seconds ?? 0);
  const perMinute = (count: number) => counted(ratio(60 * count, seconds), count);
  return {
    ...overall({ cells, objectives, spoiled, unusable }),
    objectives,
    goodput: perMinute(sum(({ good }) => good)),
    episodesPerMinute: perMinute(sum(({ episodes }) => episodes)),
    inFlight: meanOfKnown(cells.map(({ inFlight }) => inFlight)),
    doubt: cells.find(({ doubt }) => doubt !== null)?.doubt ?? null,
  };
}

function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : meanOf(known);
}

/** With what passed, where a limit is set on it. */
export function withPassRate(
  times: Assessment,
  { passRateDrop: promised }: Slo,
  of: {
    readonly cells: readonly Pick<ObservedCell, "outcomes">[];
    readonly baseline: readonly Outcome[] | null;
  },
): Assessment {
  if (promised === null) return times;
  const objectives = [...times.objectives, dropFinding(promised, of)];
  const finding = times.why === null ? worst(objectives.map((one) => one.finding)) : times.finding;
  return { ...times, objectives, finding };
}

function overall(of: {
  readonly cells: readonly ObservedCell[];
  readonly objectives: readonly ObjectiveFinding[];
  readonly spoiled: readonly string[];
  readonly unusable: readonly string[];
}): Pick<Assessment, "finding" | "why"> {
  const { cells, objectives, spoiled, unusable } = of;
  if (cells.length > 0 && spoiled.length === cells.length)
    return { finding: "missed", why: spoiled[0] ?? null };
  const [against] = [...spoiled, ...unusable];
  if (against !== undefined) return { finding: "cannot-tell", why: against };
  return heldOr(cells, worst(objectives.map(({ finding }) => finding)));
}

/** Limits that are kept with fewer in flight are not kept at the load; those that are missed are missed all the more. */
function heldOr(
  cells: readonly Pick<ObservedCell, "cellId" | "unheld">[],
  finding: SloFinding,
): Pick<Assessment, "finding" | "why"> {
  const short = cells.find(({ unheld }) => unheld !== null);
  if (short === undefined || finding === "missed") return { finding, why: null };
  return { finding: "cannot-tell", why: `${short.cellId}: ${short.unheld}` };
}

/** One limit that is missed is enough. */
export function worst(findings: readonly SloFinding[]): SloFinding {
  if (findings.includes("missed")) return "missed";
  return findings.length === 0 || findings.includes("cannot-tell") ? "cannot-tell" : "met";
}

function timeFinding(cells: readonly ObservedCell[], objective: TimeObjective): ObjectiveFinding {
  const { name, measure, statistic, limitMs, text } = objective;
  const byCell = cells.map(({ values }) => values[measure]).filter((values) => values.length > 0);
  const values = byCell.flat();
  const share = statistic === "mean" ? null : shares[statistic];
  const stated = values.length >= (share === null ? 1 : minimumSamples(share));
  const value = stated
    ? statisticOf(
        values.map((one) => one.value),
        statistic,
      )
    : null;
  const limits = value === null ? null : widest(byCell, { value, share, statistic: objective.statistic });
  const beyond = beyondOf(values, limitMs);
  const estimate: Estimate = {
    value,
    count: values.length,
    low: limits?.low ?? null,
    high: limits?.high ?? null,
  };
  const common = { name, text, unit: "ms" as const, limit: limitMs, value: estimate, beyond };
  if (limits !== null) return { ...common, finding: byInterval(limits, limitMs), why: null };
  if (share === null || beyond.low === null || beyond.high === null)
    return { ...common, finding: "cannot-tell", why: tooFew(values) };
  // Whether a percentile keeps a limit is whether few enough lie beyond it: that needs no percentile.
  const finding = byInterval({ low: beyond.low, high: beyond.high }, 1 - share);
  return { ...common, finding, why: finding === "cannot-tell" ? tooFew(values) : null };
}

function byInterval({ low, high }: Limits, limit: number): SloFinding {
  if (high <= limit) return "met";
  return low > limit ? "missed" : "cannot-tell";
}

function tooFew(values: readonly ClusteredValue[]): string {
  const episodes = new Set(values.map(({ cluster }) => cluster)).size;
  return values.length === 0
    ? "nothing was measured of it"
    : `${values.length} values of ${episodes} episodes are too few to tell`;
}

/** Over episodes within cells, and over cells where there are several: the wider one at each end. */
function widest(
  byCell: readonly (readonly ClusteredValue[])[],
  of: {
    readonly value: number;
    readonly share: number | null;
    readonly statistic: TimeObjective["statistic"];
  },
): Limits | null {
  const within = clusterInterval(byCell.flat(), of.share ?? "mean");
  if (within === null || byCell.length < 2) return within;
  const logs = byCell.map((values) =>
    Math.log(
      statisticOf(
        values.map((one) => one.value),
        of.statistic,
      ),
    ),
  );
  const t = studentTQuantile(0.975, logs.length - 1);
  const half = (t * standardDeviation(logs)) / Math.sqrt(logs.length);
  if (!Number.isFinite(half)) return within;
  return {
    low: Math.min(within.low, of.value * Math.exp(-half)),
    high: Math.max(within.high, of.value * Math.exp(half)),
  };
}

/** Each episode counts as one value, because what it asked is alike. */
function beyondOf(values: readonly ClusteredValue[], limitMs: number): Estimate {
  const units = [...Map.groupBy(values, ({ cluster }) => cluster).values()];
  const each = units.map((unit) => meanOf(unit.map(({ value }) => (value > limitMs ? 1 : 0))));
  const interval = boundedMeanInterval(each, { confidence: 0.95 });
  return {
    value: interval?.estimate ?? null,
    count: values.length,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
}

function dropFinding(
  { limit, text }: NonNullable<Slo["passRateDrop"]>,
  { cells, baseline }: Parameters<typeof withPassRate>[2],
): ObjectiveFinding {
  const common = { name: "passRateDrop", text, unit: "share" as const, limit, beyond: null };
  const outcomes = cells.flatMap((cell) => cell.outcomes);
  if (baseline === null) {
    const nothing = { value: 0, count: new Set(outcomes.map(({ task }) => task)).size, low: 0, high: 0 };
    return { ...common, value: nothing, finding: "met", why: "others are compared with it" };
  }
  const value = passRateDrop(baseline, outcomes);
  const { low, high, count } = value;
  const finding = low === null || high === null ? "cannot-tell" : byInterval({ low, high }, limit);
  const why = finding === "cannot-tell" ? `${count} tasks are too few to tell` : null;
  return { ...common, value, finding, why };
}
