import { ConfigError } from "../errors.ts";
import { variantNames } from "../config/variants.ts";
import type { Experiment } from "../config/experiment.ts";
import { fewestRepetitions, type VarianceSettings } from "../config/variance-schema.ts";
import { variationsOf, type RepeatedCell, type Variation } from "../analysis/variance/variation.ts";
import { readCellSummary } from "../analysis/measured-cell.ts";
import type { WantedCell } from "../plan/run-plan.ts";
import { readRun } from "../store/read-run.ts";
import type { NextCells } from "./growing-plan.ts";

type Repeated = Pick<Experiment, "arms" | "sweep">;

/** `variance:` of an experiment: further repetitions of the loads whose repetitions do not agree yet. null: it has no such rule. */
export function repeatLoads(
  experiment: Repeated & { readonly variance?: VarianceSettings | undefined },
): NextCells | null {
  const { variance } = experiment;
  if (variance === undefined) return null;
  if (variantNames(experiment).length > 0)
    throw new ConfigError(
      "variance: and sweep.variants do not go together: each repetition would start every engine anew. Leave variance: out and set sweep.repetitions.",
    );
  const seen = new Map<string, RepeatedCell>();
  return {
    next: async (directory, tell) => {
      const run = await readRun(directory);
      for (const { cellId } of run.identity.cells)
        if (!seen.has(cellId)) seen.set(cellId, await readCellSummary(run, cellId));
      return nextRepetitions([...seen.values()], { experiment, variance, tell });
    },
  };
}

/**
 * All arms of a load once more, in the order that a sweep would give them: arms are compared repetition by repetition. A load is
 * repeated while a quantity varies too much, while there are too few repetitions to tell, and once for each outlier.
 */
export function nextRepetitions(
  cells: readonly RepeatedCell[],
  of: {
    readonly experiment: Repeated;
    readonly variance: VarianceSettings;
    readonly tell: (line: string) => void;
  },
): readonly WantedCell[] {
  const { arms, sweep } = of.experiment;
  return sweep.concurrency.flatMap((concurrency, at) => {
    const load = `closed:${concurrency}`;
    const own = cells.filter((cell) => cell.load === load);
    const repetitions = own.reduce((most, { repetition }) => Math.max(most, repetition + 1), 0);
    const why = whyAgain(
      variationsOf(own, of.variance),
      Math.max(sweep.repetitions, fewestRepetitions),
      repetitions,
    );
    if (why === null || repetitions >= of.variance.repetitionsMax) return [];
    of.tell(`${load}: repetition ${repetitions + 1} of at most ${of.variance.repetitionsMax}: ${why}`);
    const block = repetitions * sweep.concurrency.length + at;
    return (block % 2 === 0 ? arms : arms.toReversed()).map(({ name: arm }) => {
      return {
        arm,
        concurrency,
        repetition: repetitions,
        episodes: own[0]?.episodes.planned ?? 0,
        asInSweep: true,
      };
    });
  });
}

function whyAgain(variations: readonly Variation[], fewest: number, repetitions: number): string | null {
  const unstable = variations.find(({ finding }) => finding === "unstable");
  if (unstable !== undefined) {
    const { arm, quantity, cv, maxCv } = unstable;
    return `${quantity} of ${arm} varies by ${((cv ?? 0) * 100).toFixed(1)} %, more than ${maxCv * 100} %`;
  }
  // What no cell can say will not be said by others.
  if (variations.some(({ finding, values }) => finding === "too few" && values.length === repetitions))
    return `fewer than ${fewestRepetitions} repetitions say nothing`;
  const outliers = new Set(
    variations.flatMap(({ values }) =>
      values.flatMap(({ cellId, outlier }) => (outlier ? [repetitionOf(cellId)] : [])),
    ),
  );
  if (outliers.size === 0 || repetitions >= fewest + outliers.size) return null;
  return `${outliers.size} of ${repetitions} repetitions ${outliers.size === 1 ? "is an outlier" : "are outliers"}, which are kept`;
}

/** Arms of one repetition that are outliers together are measured again together. */
function repetitionOf(cellId: string): string {
  return /-r\d+-/.exec(cellId)?.[0] ?? cellId;
}
