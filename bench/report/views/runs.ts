import { basename } from "node:path";
import type { ListedRun } from "../../store/list-runs.ts";
import { absent } from "../tables/number-text.ts";
import { left, right, type Table } from "../tables/table.ts";
import { verdicts } from "../../analysis/cell/verdict.ts";

/** `tollgate runs`: a row per run, oldest first. */
export function runsTable(
  runs: readonly ListedRun[],
  /** Of runs of the preference loop, by directory: whether their preferences hold what was wanted. */
  feedbackVerdicts: ReadonlyMap<string, { worst: string; cells: number; of: number }> = new Map(),
): Table {
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
      countsText(run),
      run.replay || run.feedback !== undefined ? absent : String(run.progress.episodesByStatus.failed),
      verdictText(run, feedbackVerdicts.get(run.directory)),
      run.note === "" ? absent : run.note,
    ]),
    notes: [
      "verdict: the worst of its cells, and how many have it",
      ...(runs.some(({ feedback }) => feedback !== undefined)
        ? [
            "of a preference loop (stack `feedback`): how many of its preferences hold their thresholds, or do not",
          ]
        : []),
      ...runs.flatMap(({ directory, next, progress }) =>
        next === null || progress.episodesByStatus.failed === 0
          ? []
          : [`${basename(directory)}: ${next.why}: ${next.command}`],
      ),
    ],
  };
}

function countsText({ replay, feedback, progress }: ListedRun): string {
  if (feedback !== undefined) return `${feedback.done}/${feedback.planned} steps`;
  return replay ? "replay" : `${progress.finishedEpisodes}/${progress.plannedEpisodes}`;
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

function verdictText(
  run: ListedRun,
  held: { readonly worst: string; readonly cells: number; readonly of: number } | undefined,
): string {
  if (held !== undefined) return `${held.worst} ${held.cells}/${held.of}`;
  const worst = worstVerdict(run);
  if (worst === null) return absent;
  const { cells } = run.progress;
  return `${worst} ${cells.filter(({ verdict }) => verdict === worst).length}/${cells.length}`;
}
