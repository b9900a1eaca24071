import type { ArmSpec } from "../config/arm-schema.ts";
import type { Experiment } from "../config/experiment.ts";
import { variantNames } from "../config/variants.ts";
import { ownBlocks, type Shard } from "./shard.ts";

/** One point of the sweep: arm x load x repetition, and variant where the experiment has variants. */
export interface Cell {
  /** Directory-safe and readable, e.g. `c04-r0-gateway`, or `c04-r0-fp8--gateway` in a variant. */
  readonly cellId: string;
  readonly arm: ArmSpec;
  /** Closed loop: this many episodes are in flight at all times. */
  readonly concurrency: number;
  /** 0-based. */
  readonly repetition: number;
  /** Configuration of the agent's engine; absent where the experiment has none. */
  readonly variant?: string | undefined;
}

/** The load as records name it. */
export function loadOf(cell: Cell): string {
  return `closed:${cell.concurrency}`;
}

/**
 * Cells in the order they run. Arms alternate between neighbouring blocks (A B, B A, …), so that a drift of the machine
 * over the run meets both arms alike instead of looking like a difference between them. So do variants between repetitions, where
 * one of them follows itself and its engine stays. In every variant the blocks of a repetition are the same ones, in the same order.
 * A shard has blocks of its own, and alternates between them: it runs on another machine than the others.
 */
export function expandCells(experiment: Experiment, shard: Shard | null = null): Cell[] {
  const isOwn = shard === null ? () => true : ownBlocks(experiment, shard);
  const repetitions = Array.from({ length: experiment.sweep.repetitions }, (_, repetition) => ({
    repetition,
    loads: experiment.sweep.concurrency.filter((concurrency) => isOwn({ concurrency, repetition })),
  })).filter(({ loads }) => loads.length > 0);
  return repetitions.flatMap(({ repetition, loads }, turn) =>
    variantsIn(experiment, turn).flatMap((variant) =>
      loads.flatMap((concurrency, at) => {
        const block = turn * loads.length + at;
        const arms = block % 2 === 0 ? experiment.arms : experiment.arms.toReversed();
        return arms.map((arm) => cellOf(experiment, { arm, concurrency, repetition, variant }));
      }),
    ),
  );
}

/** @param turn of the repetition among those that are run */
function variantsIn(experiment: Experiment, turn: number): readonly (string | undefined)[] {
  const names = variantNames(experiment);
  if (names.length === 0) return [undefined];
  return turn % 2 === 0 ? names : names.toReversed();
}

/** A cell with its name, in which loads have as many digits as the largest of the experiment. */
export function cellOf({ sweep }: Pick<Experiment, "sweep">, place: Omit<Cell, "cellId">): Cell {
  const { arm, concurrency, repetition, variant } = place;
  const width = String(Math.max(...sweep.concurrency)).length;
  const load = String(concurrency).padStart(width, "0");
  const name = variant === undefined ? arm.name : `${variant}--${arm.name}`;
  const cellId = `c${load}-r${repetition}-${name}`;
  return { cellId, arm, concurrency, repetition, ...(variant !== undefined && { variant }) };
}
