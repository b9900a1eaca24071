import { basename } from "node:path";
import type { ListedRun } from "../../store/list-runs.ts";
import { absent } from "../tables/number-text.ts";
import { left, right, type Table } from "../tables/table.ts";
import { verdicts } from "../../analysis/cell/verdict.ts";

/** `tollgate runs`: a row per run, oldest first. */
export function runsTable(runs: readonly ListedRun[]): Table {
  return {
    title: "Runs",
    columns: [
      left("run"),
      left("date"),
      left("stack"),
      left("state"),
      right("episodes"),
      right("failed"),
      left("verdict"),
      left("note"),
    ],
    rows: runs.map((run) => [
      basename(run.directory),
      run.createdAt.replace(/:\d\d(\.\d+)?Z$/, "Z").replace("T", " "),
      run.simulated ? `${run.stack}\nsimulated` : run.stack,
      run.progress.state,
      run.replay ? "replay" : `${run.progress.finishedEpisodes}/${run.progress.plannedEpisodes}`,
      run.replay ? absent : String(run.progress.episodesByStatus.failed),
      verdictText(run),
      run.note === "" ? absent : run.note,
    ]),
    notes: [
      "verdict: the worst of its cells, and how many have it",
      ...runs.flatMap(({ directory, next, progress }) =>
        next === null || progress.episodesByStatus.failed === 0
          ? []
          : [`${basename(directory)}: ${next.why}: ${next.command}`],
      ),
    ],
  };
}

/** The worst verdict of a run's cells; null before a cell has one. */
export function worstVerdict({ progress }: ListedRun): string | null {
  return worstOf(progress.cells.flatMap(({ verdict }) => verdict ?? []));
}

/** null for none. A verdict of another version of Tollgate is shown before those that are known. */
export function worstOf(found: readonly string[]): string | null {
  const unknown = found.find((verdict) => !verdicts.some((known) => known === verdict));
  return unknown ?? verdicts.find((verdict) => found.includes(verdict)) ?? null;
}

function verdictText(run: ListedRun): string {
  const worst = worstVerdict(run);
  if (worst === null) return absent;
  const { cells } = run.progress;
  return `${worst} ${cells.filter(({ verdict }) => verdict === worst).length}/${cells.length}`;
}
