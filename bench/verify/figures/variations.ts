import { z } from "zod";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import { mean, percentile, quotient, total, variance } from "../numbers/samples.ts";
import type { Expected } from "./figure.ts";

const ruleSchema = z.object({ variance: z.object({ maxCv: z.number(), of: z.array(z.string()) }) });

/** How far the repetitions of each load lie apart; undefined where the experiment has no such rule. */
export function variationFigures(resolved: unknown, cells: readonly SeenCell[]): Expected | undefined {
  const rule = ruleSchema.safeParse(resolved).data?.variance;
  if (rule === undefined) return undefined;
  const groups = Map.groupBy(cells, ({ facts: { planned } }) =>
    JSON.stringify([planned.arm, planned.load, planned.variant]),
  );
  return [...groups.values()].flatMap((members) =>
    rule.of.map((quantity) => ({
      ...placeOf(members),
      quantity,
      ...spreadBetween(members, quantity, rule.maxCv),
    })),
  );
}

function placeOf([cell]: readonly SeenCell[]): { readonly [name: string]: Expected | undefined } {
  const { arm, load, variant } = cell?.facts.planned ?? {};
  return { arm, load, ...(variant !== undefined && { variant }) };
}

function spreadBetween(members: readonly SeenCell[], quantity: string, maxCv: number) {
  const known = members.flatMap((cell) => {
    const value = readingOf(cell, quantity);
    return value === null ? [] : [{ cellId: cell.facts.planned.cellId, value }];
  });
  const values = known.map(({ value }) => value);
  const middle = mean(values);
  const spread = values.length < 2 ? null : Math.sqrt(variance(values));
  const cv = spread === 0 ? 0 : quotient(spread, middle === null ? null : Math.abs(middle));
  const isOutlier = outlierAmong(values, maxCv);
  return {
    values: known.map(({ cellId, value }) => ({ cellId, value, outlier: isOutlier(value) })),
    mean: middle,
    standardDeviation: spread,
    cv,
    maxCv,
    finding: cv === null || values.length < 3 ? "too few" : cv > maxCv ? "unstable" : "stable",
  };
}

/** From five on: further from the median than 3.5 scaled median deviations, and than the rule tolerates. */
function outlierAmong(values: readonly number[], maxCv: number): (value: number) => boolean {
  if (values.length < 5) return () => false;
  const middle = medianOf(values);
  const far = Math.max(
    3.5 * (medianOf(values.map((value) => Math.abs(value - middle))) / 0.6745),
    maxCv * Math.abs(middle),
  );
  return (value) => Math.abs(value - middle) > far;
}

function medianOf(values: readonly number[]): number {
  const stated = percentile(values, 0.5);
  if (stated !== null) return stated;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

function readingOf(cell: SeenCell, quantity: string): number | null {
  const { seconds, facts, failing, outer, whole, used } = cell;
  const answered = outer.filter((request) => request.answered);
  switch (quantity) {
    case "reward":
      return failing ? null : mean(facts.episodes.flatMap(({ reward }) => reward ?? []));
    case "ttft_mean":
      return mean(answered.flatMap(({ ttftMs }) => ttftMs ?? []));
    case "itl_mean":
      return mean(answered.flatMap(({ itlMs }) => itlMs ?? []));
    case "e2e_mean":
      return mean(answered.map(({ e2eMs }) => e2eMs));
    case "episodes_per_min":
      return quotient(whole.length * 60, seconds);
    default: {
      const counted = used.flatMap(({ agentEngine }) => agentEngine?.completionTokens ?? []);
      return counted.length < used.length ? null : quotient(total(counted), seconds);
    }
  }
}
