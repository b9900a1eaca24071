import { z } from "zod";
import {
  fewestRepetitions,
  variedQuantities,
  type VariedQuantity,
  type VarianceSettings,
} from "../../config/variance-schema.ts";
import { meanOf, percentile, standardDeviation } from "../../statistics/distribution.ts";
import type { CellSummary } from "../cell/cell-summary.ts";

/** How far the repetitions of a load lie apart in one quantity. */
export const variationSchema = z.object({
  arm: z.string(),
  load: z.string(),
  variant: z.string().optional(),
  quantity: z.enum(variedQuantities),
  /** A value of each repetition that has one; none is thrown away. */
  values: z.array(z.object({ cellId: z.string(), value: z.number(), outlier: z.boolean() })),
  mean: z.number().nullable(),
  /** With divisor n - 1; null below two repetitions. */
  standardDeviation: z.number().nullable(),
  /** standardDeviation / |mean|. */
  cv: z.number().nullable(),
  maxCv: z.number(),
  /** `too few`: fewer than three repetitions, which say nothing. */
  finding: z.enum(["stable", "unstable", "too few"]),
});
export type Variation = z.infer<typeof variationSchema>;

/** What of a cell is compared with its repetitions. */
export type RepeatedCell = Pick<
  CellSummary,
  | "cellId"
  | "arm"
  | "load"
  | "repetition"
  | "episodes"
  | "meanReward"
  | "ttftMs"
  | "itlMs"
  | "e2eMs"
  | "rates"
> & { readonly variant?: string | undefined };

const readings: Readonly<Record<VariedQuantity, (cell: RepeatedCell) => number | null>> = {
  reward: ({ meanReward }) => meanReward.value,
  ttft_mean: ({ ttftMs }) => ttftMs.mean.value,
  itl_mean: ({ itlMs }) => itlMs.mean.value,
  e2e_mean: ({ e2eMs }) => e2eMs.mean.value,
  episodes_per_min: ({ rates }) => rates.episodesPerMinute.value,
  output_tokens_per_s: ({ rates }) => rates.outputTokensPerSecond.value,
};

/** Every quantity of the rule for each arm, load and variant, in the order of the cells. Pure. */
export function variationsOf(cells: readonly RepeatedCell[], rule: VarianceSettings): readonly Variation[] {
  const groups = Map.groupBy(cells, ({ arm, load, variant }) => JSON.stringify([arm, load, variant]));
  return [...groups.values()].flatMap((members) =>
    rule.of.map((quantity) => variationOf(members, quantity, rule)),
  );
}

function variationOf(
  members: readonly RepeatedCell[],
  quantity: VariedQuantity,
  { maxCv }: VarianceSettings,
): Variation {
  const [{ arm, load, variant }] = members as [RepeatedCell];
  const known = members.flatMap((cell) => {
    const value = readings[quantity](cell);
    return value === null ? [] : [{ cellId: cell.cellId, value }];
  });
  const values = known.map(({ value }) => value);
  const mean = values.length === 0 ? null : meanOf(values);
  const spread = values.length < 2 ? null : standardDeviation(values);
  const cv = mean === null || spread === null ? null : spread === 0 ? 0 : spread / Math.abs(mean);
  const limits = outlierLimits(values, maxCv);
  return {
    arm,
    load,
    ...(variant !== undefined && { variant }),
    quantity,
    values: known.map(({ cellId, value }) => ({
      cellId,
      value,
      outlier: value < limits.low || value > limits.high,
    })),
    mean,
    standardDeviation: spread,
    cv,
    maxCv,
    finding:
      cv === null || values.length < fewestRepetitions ? "too few" : cv > maxCv ? "unstable" : "stable",
  };
}

/** Fewest repetitions of which one can be told to be far from the others. */
const fewestForOutliers = 5;

/**
 * Beyond these a repetition is an outlier: 3.5 times the scaled median absolute deviation from the median (Iglewicz and Hoaglin), and
 * no nearer than the rule itself tolerates.
 */
function outlierLimits(
  values: readonly number[],
  maxCv: number,
): { readonly low: number; readonly high: number } {
  const median = percentile(values, 0.5);
  if (median === null || values.length < fewestForOutliers) return { low: -Infinity, high: Infinity };
  const deviation =
    percentile(
      values.map((value) => Math.abs(value - median)),
      0.5,
    ) ?? 0;
  const far = Math.max((3.5 * deviation) / 0.6745, maxCv * Math.abs(median));
  return { low: median - far, high: median + far };
}

/** Why a cell is unstable, a sentence for each quantity. */
export function unstableReasons(
  { arm, load, variant }: Pick<RepeatedCell, "arm" | "load" | "variant">,
  variations: readonly Variation[],
): readonly { readonly verdict: "unstable"; readonly detail: string }[] {
  return variations
    .filter(
      (one) => one.arm === arm && one.load === load && one.variant === variant && one.finding === "unstable",
    )
    .map(({ quantity, values, cv, maxCv, standardDeviation: spread, mean }) => ({
      verdict: "unstable",
      detail: `${quantity} varies by ${percent(cv)} between ${values.length} repetitions, more than variance.maxCv ${percent(maxCv)} (standard deviation ${short(spread)} over mean ${short(mean)})`,
    }));
}

function percent(share: number | null): string {
  return share === null ? "-" : `${Number((share * 100).toPrecision(3))} %`;
}

function short(value: number | null): string {
  return value === null ? "-" : String(Number(value.toPrecision(4)));
}
