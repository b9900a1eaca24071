import { z } from "zod";
import type { Experiment } from "../../config/experiment.ts";
import { differenceSchema } from "../estimates/paired-difference.ts";
import type { MeasuredCell } from "../measured-cell.ts";
import { byVariant } from "../../store/place.ts";
import { compareAt } from "./overhead.ts";

/**
 * The baseline against itself at one load (A/A): what the numbers of an overhead are where there is nothing to find. Its cells of
 * the second, fourth … repetition minus those of the first, third …, by the same rules as an arm minus the baseline.
 */
export const floorSchema = z.object({
  load: z.string(),
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  variant: z.string().optional(),
  arm: z.string(),
  /** Pairs of cells, each `later minus earlier`. */
  pairs: z.array(z.object({ earlier: z.string(), later: z.string() })),
  /** Why there are no numbers; null when there are. */
  refused: z.string().nullable(),
  pathMs: z.object({ firstToken: differenceSchema, whole: differenceSchema }),
  /** Length of an episode. */
  seconds: differenceSchema,
});
export type Floor = z.infer<typeof floorSchema>;

/** One for each load, in each variant, at which the baseline has two repetitions or more. Pure. */
export function baselineFloors(
  cells: readonly MeasuredCell[],
  compare: Experiment["compare"],
): readonly Floor[] {
  return byVariant(cells, ({ summary }) => summary.variant).flatMap(({ variant, items }) =>
    floorsIn(items, compare).map((floor) => (variant === undefined ? floor : { ...floor, variant })),
  );
}

function floorsIn(cells: readonly MeasuredCell[], compare: Experiment["compare"]): readonly Floor[] {
  const arm = cells.find(({ summary }) => summary.armKind === "raw")?.summary.arm;
  if (arm === undefined) return [];
  const own = cells.filter(({ summary }) => summary.arm === arm);
  return [...Map.groupBy(own, ({ summary }) => summary.load)].flatMap(([load, repeated]) => {
    const pairs = pairsOf(repeated);
    if (pairs.length === 0) return [];
    const { refused, pathMs, live } = compareAt(
      { load, baseline: arm, arm, compare },
      pairs.map(({ earlier }, pair) => asRepetition(earlier, pair)),
      pairs.map(({ later }, pair) => asRepetition(later, pair)),
    );
    const named = pairs.map(({ earlier, later }) => ({
      earlier: earlier.summary.cellId,
      later: later.summary.cellId,
    }));
    const { firstToken, whole } = pathMs;
    return [{ load, arm, pairs: named, refused, pathMs: { firstToken, whole }, seconds: live.seconds }];
  });
}

/** The first with the second repetition, the third with the fourth: no cell is in two pairs, or they would not be independent. */
function pairsOf(cells: readonly MeasuredCell[]) {
  const inOrder = cells.toSorted((a, b) => a.summary.repetition - b.summary.repetition);
  return inOrder.flatMap((earlier, at) => {
    const later = inOrder[at + 1];
    return at % 2 === 1 || later === undefined ? [] : [{ earlier, later }];
  });
}

/** Cells of unlike repetitions are compared as if they had been of one. */
function asRepetition(cell: MeasuredCell, repetition: number): MeasuredCell {
  return {
    ...cell,
    summary: { ...cell.summary, repetition },
    episodes: cell.episodes.map((episode) => ({ ...episode, repetition })),
  };
}
