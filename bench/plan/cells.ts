import type { ArmSpec } from "../config/arm-schema.ts";
import type { Experiment } from "../config/experiment.ts";

/** One point of the sweep: arm x load x repetition. */
export interface Cell {
  /** Directory-safe and readable, e.g. `c04-r0-gateway`. */
  readonly cellId: string;
  readonly arm: ArmSpec;
  /** Closed loop: this many episodes are in flight at all times. */
  readonly concurrency: number;
  /** 0-based. */
  readonly repetition: number;
}

/** The load as records name it. */
export function loadOf(cell: Cell): string {
  return `closed:${cell.concurrency}`;
}

/**
 * Cells in the order they run. Arms alternate between neighbouring blocks (A B, B A, …), so that a drift of the machine
 * over the run meets both arms alike instead of looking like a difference between them.
 */
export function expandCells(experiment: Experiment): Cell[] {
  const { concurrency: loads, repetitions } = experiment.sweep;
  const blocks = Array.from({ length: repetitions }, (_, repetition) =>
    loads.map((concurrency) => ({ concurrency, repetition })),
  ).flat();
  return blocks.flatMap(({ concurrency, repetition }, block) => {
    const arms = block % 2 === 0 ? experiment.arms : experiment.arms.toReversed();
    return arms.map((arm) => cellOf(experiment, { arm, concurrency, repetition }));
  });
}

/** A cell with its name, in which loads have as many digits as the largest of the experiment. */
export function cellOf({ sweep }: Pick<Experiment, "sweep">, place: Omit<Cell, "cellId">): Cell {
  const { arm, concurrency, repetition } = place;
  const width = String(Math.max(...sweep.concurrency)).length;
  const load = String(concurrency).padStart(width, "0");
  return { cellId: `c${load}-r${repetition}-${arm.name}`, arm, concurrency, repetition };
}
