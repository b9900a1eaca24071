import { z } from "zod";
import { byVariant } from "../../store/place.ts";
import type { RunJson } from "../../store/run-json.ts";
import { spoiling } from "../cell/verdict.ts";
import { changesOf, type Change } from "../compare/change.ts";
import { isScoreQuantity, quantities, scoreQuantities, type Quantity } from "../compare/quantities.ts";
import { pairedCoverage } from "../estimates/coverage.ts";
import type { MeasuredCell } from "../measured-cell.ts";

const changeSchema = z.object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() });

/** How far one number is from that of the baseline. */
const quantitySchema = z.object({
  quantity: z.string(),
  unit: z.string(),
  /** Over what both variants have; null: nothing that could be paired. */
  baselineValue: z.number().nullable(),
  value: z.number().nullable(),
  /** Variant minus baseline, with its interval; null: too little to say. */
  difference: changeSchema.nullable(),
  /** Of the baseline's value. */
  relative: changeSchema.nullable(),
  /** What the interval is over, or why there is none. */
  basis: z.string(),
  units: z.number().int(),
  /** Of a score: the paired tasks of all that the workload's data has; absent where nothing says what the whole is. */
  coverage: z.string().optional(),
});
export type VariantQuantity = z.infer<typeof quantitySchema>;

/** One variant against the first one, in one arm at one load. */
const comparisonSchema = z.object({
  variant: z.string(),
  arm: z.string(),
  load: z.string(),
  /** Those that it rests on. */
  cells: z.array(z.object({ cellId: z.string(), verdict: z.string() })),
  /** Why there are no numbers; null when there are. */
  refused: z.string().nullable(),
  quantities: z.array(quantitySchema),
});
export type VariantComparison = z.infer<typeof comparisonSchema>;

/** The configurations of the agent's engine, and what each changes. */
export const variantReportSchema = z.object({
  /** The first of the experiment: all others are compared with it. */
  baseline: z.string(),
  /** In the order of the experiment; `changes`: keys of `stack.agent`, as the experiment has them. */
  variants: z.array(z.object({ name: z.string(), changes: z.record(z.string(), z.unknown()) })),
  comparisons: z.array(comparisonSchema),
});
export type VariantReport = z.infer<typeof variantReportSchema>;

const sweepSchema = z.object({ variants: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** null for a run without variants. Differences are paired by task, trial and repetition. Pure. */
export function variantReport(
  { resolved, scores, coverage }: Pick<RunJson, "resolved" | "scores" | "coverage">,
  cells: readonly MeasuredCell[],
): VariantReport | null {
  const named = sweepSchema.safeParse(resolved["sweep"]).data?.variants;
  const variants = Object.entries(named ?? {}).map(([name, changes]) => ({ name, changes }));
  const [first] = variants;
  if (first === undefined) return null;
  const measured = [...scoreQuantities(scores, scores), ...quantities].filter(({ name }) => isCompared(name));
  const places = Map.groupBy(cells, ({ summary: { arm, load } }) => JSON.stringify([arm, load]));
  return {
    baseline: first.name,
    variants,
    comparisons: [...places.values()].flatMap((own) => {
      const groups = byVariant(own, ({ summary }) => summary.variant);
      const baseline = groups.find(({ variant }) => variant === first.name)?.items ?? [];
      return variants.slice(1).flatMap(({ name }) => {
        const items = groups.find(({ variant }) => variant === name)?.items ?? [];
        const found = comparisonOf(name, { before: baseline, after: items }, measured);
        return found === null
          ? []
          : { ...found, quantities: found.quantities.map((one) => covered(one, coverage)) };
      });
    }),
  };
}

function covered(quantity: VariantQuantity, coverage: RunJson["coverage"]): VariantQuantity {
  const isScore = quantity.quantity === "reward" || isScoreQuantity(quantity.quantity);
  const text = isScore ? pairedCoverage([{ coverage }], quantity.units) : null;
  return text === null ? quantity : { ...quantity, coverage: text };
}

/** A mean of latencies is the long ones', and a p99 needs more requests than a sweep has. */
const isCompared = (name: string) => !/_(mean|p99)$/.test(name);

interface Sides {
  readonly before: readonly MeasuredCell[];
  readonly after: readonly MeasuredCell[];
}

function comparisonOf(
  variant: string,
  sides: Sides,
  measured: readonly Quantity[],
): VariantComparison | null {
  const all = [...sides.before, ...sides.after];
  const [first] = all;
  if (first === undefined) return null;
  const { arm, load } = first.summary;
  const refused = refusal(sides);
  return {
    variant,
    arm,
    load,
    cells: all.map(({ summary: { cellId, verdict } }) => ({ cellId, verdict })),
    refused,
    quantities:
      refused === null
        ? [...changesOf(measured, sides)].map(([quantity, change]) => quantityOf(quantity, change))
        : [],
  };
}

/** Who fails is fast, and a cell without a whole segment has no times. */
function refusal({ before, after }: Sides): string | null {
  if (before.length === 0 || after.length === 0) return "one of the two has no cell in this arm at this load";
  for (const { summary } of [...before, ...after]) {
    if (summary.seconds === null) return `cell ${summary.cellId} has no segment that ran to its end`;
    const spoiled = summary.reasons.find(({ verdict }) => spoiling.has(verdict));
    if (spoiled !== undefined) return `cell ${summary.cellId} is ${spoiled.verdict}`;
  }
  return null;
}

function quantityOf(
  { name, unit }: Quantity,
  { before, after, difference, basis, units }: Change,
): VariantQuantity {
  return {
    quantity: name,
    unit,
    baselineValue: before,
    value: after,
    difference,
    relative: relativeOf(before, difference),
    basis,
    units,
  };
}

function relativeOf(before: number | null, difference: Change["difference"]): VariantQuantity["relative"] {
  if (difference === null || before === null || before === 0) return null;
  const share = (value: number) => value / Math.abs(before);
  const { value, low, high } = difference;
  return {
    value: share(value),
    low: low === null ? null : share(low),
    high: high === null ? null : share(high),
  };
}
