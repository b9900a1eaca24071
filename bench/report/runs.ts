import type { ListedRun } from "../store/list-runs.ts";
import { basename } from "node:path";
import { absent } from "./number-text.ts";
import { left, right, type Table } from "./table.ts";

/** `tollgate runs`: a row per run, oldest first. */
export function runsTable(runs: readonly ListedRun[]): Table {
  return {
    title: "Runs",
    columns: [left("run"), left("state"), right("episodes"), right("failed"), left("verdicts"), left("note")],
    rows: runs.map(({ directory, note, progress }) => [
      basename(directory),
      progress.state,
      `${progress.finishedEpisodes}/${progress.plannedEpisodes}`,
      String(progress.episodesByStatus.failed),
      verdictsText(progress.cells),
      note === "" ? absent : note,
    ]),
    notes: [],
  };
}

/** `3 valid, 1 token-mismatch`. */
function verdictsText(cells: ListedRun["progress"]["cells"]): string {
  const counts = Map.groupBy(
    cells.filter(({ verdict }) => verdict !== null),
    ({ verdict }) => verdict ?? "",
  );
  return counts.size === 0
    ? absent
    : [...counts].map(([verdict, { length }]) => `${length} ${verdict}`).join(", ");
}
