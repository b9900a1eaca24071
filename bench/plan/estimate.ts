import type { Cell } from "./cells.ts";

export interface CellEstimate {
  readonly cellId: string;
  readonly episodes: number;
  /** null: never measured. A guess would look like a number. */
  readonly seconds: number | null;
}

interface MeasuredEpisode {
  readonly type: string;
  readonly arm?: string;
  readonly load?: string;
  readonly variant?: string | undefined;
  readonly startedNs?: number;
  readonly endedNs?: number;
}

/** Key of what an episode's length depends on: the arm, the load and the variant, not the repetition. */
const paceKey = (arm: string, load: string, variant = "") => `${arm} ${load} ${variant}`;

/** Mean length of an episode in seconds by arm, load and variant, from the records of a run. */
export function measuredEpisodeSeconds(records: readonly MeasuredEpisode[]): ReadonlyMap<string, number> {
  const lengths = new Map<string, number[]>();
  for (const { type, arm, load, variant, startedNs, endedNs } of records) {
    if (type !== "episode" || arm === undefined || load === undefined) continue;
    if (startedNs === undefined || endedNs === undefined) continue;
    const key = paceKey(arm, load, variant);
    lengths.set(key, [...(lengths.get(key) ?? []), (endedNs - startedNs) / 1e9]);
  }
  return new Map(
    [...lengths].map(([key, values]) => [key, values.reduce((sum, each) => sum + each, 0) / values.length]),
  );
}

/** Time of each cell by `episodes x mean episode seconds / in flight`, with a closed loop's tail ignored. */
export function estimateCells(
  cells: readonly Cell[],
  episodesPerCell: number,
  measured: ReadonlyMap<string, number>,
): CellEstimate[] {
  return cells.map((cell) => {
    const mean = measured.get(paceKey(cell.arm.name, `closed:${cell.concurrency}`, cell.variant));
    const inFlight = Math.min(cell.concurrency, episodesPerCell);
    return {
      cellId: cell.cellId,
      episodes: episodesPerCell,
      seconds: mean === undefined ? null : (episodesPerCell * mean) / inFlight,
    };
  });
}
