import type { Cell } from "./cells.ts";

/** Mean length of an episode per cell, from an earlier run; empty when there is none. */
export type MeasuredEpisodeSeconds = ReadonlyMap<string, number>;

export interface CellEstimate {
  readonly cellId: string;
  readonly episodes: number;
  /** null: never measured. A guess would look like a number. */
  readonly seconds: number | null;
}

/** Time of each cell by `episodes x mean episode seconds / concurrency`, with a closed loop's tail ignored. */
export function estimateCells(
  cells: readonly Cell[],
  episodesPerCell: number,
  measured: MeasuredEpisodeSeconds,
): CellEstimate[] {
  return cells.map((cell) => {
    const mean = measured.get(cell.cellId);
    const inFlight = Math.min(cell.concurrency, episodesPerCell);
    return {
      cellId: cell.cellId,
      episodes: episodesPerCell,
      seconds: mean === undefined ? null : (episodesPerCell * mean) / inFlight,
    };
  });
}
