import type { ObservedCell, Outcome } from "./observed-cell.ts";

type Placed = Pick<ObservedCell, "cellId" | "arm" | "armKind" | "concurrency" | "outcomes" | "variant">;

/**
 * What a loss of passed tasks is counted from: the first raw arm at the smallest load of the run, in the cells' variant, without a raw arm the cells' own arm
 * at its smallest. null where the cells are the baseline themselves.
 */
export function baselineOf(all: readonly Placed[], cells: readonly Placed[]): readonly Outcome[] | null {
  const arm = all.find(({ armKind }) => armKind === "raw")?.arm ?? cells[0]?.arm;
  const own = all.filter((cell) => cell.arm === arm && cell.variant === cells[0]?.variant);
  const smallest = Math.min(...own.map(({ concurrency }) => concurrency ?? Number.POSITIVE_INFINITY));
  const base = own.filter(({ concurrency }) => concurrency === smallest);
  const ids = new Set(base.map(({ cellId }) => cellId));
  if (cells.every(({ cellId }) => ids.has(cellId))) return null;
  return base.flatMap(({ outcomes }) => outcomes);
}
