import { partText, type ScoreCoverage } from "../../analysis/estimates/coverage.ts";
import type { ScoreReport, ScoreRow } from "../../analysis/scores/score-report.ts";
import { absent, estimateText, numberText } from "./number-text.ts";
import { left, right, type ColumnOf, type Table, type TableOf } from "./table.ts";

interface ShownRow {
  readonly cell: string;
  readonly of: ScoreRow;
  /** Of the cell; absent where nothing says what the whole would be. */
  readonly coverage: ScoreCoverage | undefined;
}

const passedMeaning = "episodes that passed, as the workload says, of those with a reward";
const perPassed = "of all finished episodes, those that did not pass included, over those that passed";

/** What a score cost to serve: the same columns wherever scores stand. */
const costs: readonly ColumnOf<ShownRow>[] = [
  right("passed", ({ of }) => (of.judged === 0 ? absent : `${of.passed}/${of.judged}`), passedMeaning),
  right(
    "TTFT p50\nms",
    ({ of }) => numberText(of.ttftMsP50),
    "of the requests of these episodes, at the outer tap",
  ),
  right(
    "tokens\n/passed",
    ({ of }) => numberText(of.tokensPerPassed),
    `prompt and completion tokens ${perPassed}`,
  ),
  right("s\n/passed", ({ of }) => numberText(of.secondsPerPassed), `seconds ${perPassed}`),
];

const coverageHead = "coverage";

/** Beside the scores, where it is known. */
const covered: ColumnOf<ShownRow> = left(
  coverageHead,
  ({ of, coverage }) =>
    of.group === null ? (coverage?.text ?? "") : of.task === null ? partText(of.tasks, coverage) : "",
  "tasks with a score of all that the workload's data has; partial: the scores are of a part",
);

/** Columns of docs/columns.md; the scores of a workload have their own. */
export const scores: TableOf<ShownRow> = {
  title: "Scores, with what they cost",
  columns: [
    left("cell", ({ cell }) => cell, "all tasks of a cell; in rows with a dot the tasks of one group"),
    right("tasks", ({ of }) => String(of.tasks)),
    right("ep", ({ of }) => String(of.episodes), "finished episodes: tasks x trials"),
    covered,
    ...costs,
    right("tokens\n/ep", ({ of }) => numberText(of.tokensPerEpisode), "prompt and completion tokens, mean"),
    right("s/ep", ({ of }) => numberText(of.secondsPerEpisode), "length of an episode, mean"),
  ],
};

export const taskScores: TableOf<ShownRow> = {
  title: "Scores by task",
  columns: [
    left("task", ({ of }) => `${of.group ?? ""}/${of.task ?? ""}`),
    left("cell", ({ cell }) => cell),
    right("ep", ({ of }) => String(of.episodes), "finished episodes: trials"),
    ...costs,
  ],
};

/** Scores of cells and groups, then of each task with its cells beside each other. */
export function scoreTables(report: ScoreReport): readonly Table[] {
  const rows = report.cells.flatMap(({ cellId, coverage, rows: own }) =>
    own.flatMap((of): ShownRow[] =>
      of.task === null ? [{ cell: of.group === null ? cellId : `· ${of.group}`, of, coverage }] : [],
    ),
  );
  const tasks = report.cells.flatMap(({ cellId, coverage, rows: own }) =>
    own.flatMap((of): ShownRow[] => (of.task === null ? [] : [{ cell: cellId, of, coverage }])),
  );
  const byTask = [...Map.groupBy(tasks, ({ of }) => JSON.stringify([of.group, of.task])).values()].flat();
  return [
    scoreTable(scores, { report, rows, notes: notesOf(report), at: 3 }),
    scoreTable(taskScores, { report, rows: byTask, notes: partNotes(report), at: 3 }),
  ];
}

function scoreTable(
  { title, columns }: TableOf<ShownRow>,
  {
    report,
    rows,
    notes,
    at,
  }: {
    readonly report: ScoreReport;
    readonly rows: readonly ShownRow[];
    readonly notes: readonly string[];
    /** Where the scores stand among the columns. */
    readonly at: number;
  },
): Table {
  const named = report.names.map(({ name, heading, meaning }) =>
    right(heading, ({ of }: ShownRow) => scoreText(of.scores[name], report.outOf), meaning),
  );
  const known = rows.some(({ coverage }) => coverage !== undefined);
  const all = columns.toSpliced(at, 0, ...named).filter(({ head }) => known || head !== coverageHead);
  return { title, columns: all, rows: rows.map((row) => all.map(({ text }) => text(row))), notes };
}

/** With its interval where trials differed: one without width says no more than the number. */
export function scoreText(
  score: ScoreRow["scores"][string] | undefined,
  outOf: ScoreReport["outOf"],
): string {
  if (score === undefined || score.value === null) return absent;
  const shown = (value: number | null) => shownScore(value, outOf);
  return shown(score.low) === shown(score.high) ? shown(score.value) : estimateText(score, shown);
}

/** One decimal of 100, three of 1: what two runs can be told apart by. */
export function shownScore(value: number | null, outOf: ScoreReport["outOf"]): string {
  if (value === null) return absent;
  const decimals = outOf === 100 ? 1 : 3;
  return (value * outOf).toFixed(decimals).replace(/\.?0+$/, "");
}

/** A list of tasks looks whole whatever it lacks. */
function partNotes({ cells }: ScoreReport): readonly string[] {
  return cells.flatMap(({ cellId, coverage }) =>
    coverage === undefined || coverage.scored === coverage.total
      ? []
      : [`${cellId}: these are ${coverage.text}, of the workload's ${coverage.of}`],
  );
}

function notesOf({ names, averaged, outOf, cells }: ScoreReport): readonly string[] {
  return [
    `Scores are out of ${outOf}. ${averaged === "groups" ? "Each group counts alike in the row of a cell, each task alike within its group." : "Each task counts alike."} An episode without a score is in no mean; ep counts it.`,
    "Intervals (95 %) are over the trials of these same tasks, from two trials each on: they say how far another run of them may come out, and nothing of other tasks. None stands where a task has one trial, or all trials were alike.",
    ...names.map(({ heading, meaning }) => `${heading}: ${meaning}`),
    ...cells.flatMap(({ cellId, coverage }) =>
      coverage === undefined || coverage.scored === coverage.selected
        ? []
        : [
            `${cellId}: ${coverage.selected - coverage.scored} of the ${coverage.selected} ${coverage.of} that were selected have no score, and are in no mean`,
          ],
    ),
    ...cells.flatMap(({ cellId, failing }) =>
      failing ? [`${cellId}: failing: who is left over is no sample of its tasks, so it has no score`] : [],
    ),
  ];
}
