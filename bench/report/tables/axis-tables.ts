import type { AxisReport, AxisRow } from "../../analysis/scores/axis-report.ts";
import { partText, type ScoreCoverage } from "../../analysis/estimates/coverage.ts";
import type { ScoreReport } from "../../analysis/scores/score-report.ts";
import { absent, estimateText, numberText, percentText } from "./number-text.ts";
import { scoreText } from "./score-tables.ts";
import { left, right, type ColumnOf, type Table, type TableOf } from "./table.ts";

interface ShownPlace {
  readonly place: string;
  readonly cell: string;
  readonly coverage: ScoreCoverage | undefined;
  readonly of: AxisRow;
}

/** Columns of docs/columns.md; the first one has the axis's own heading, and the scores of a workload have theirs. */
export const axisScores: TableOf<ShownPlace> = {
  title: "Scores by AXIS",
  columns: [
    left("place", ({ place }) => place, "where the tasks stand on the axis"),
    left("cell", ({ cell }) => cell),
    right("tasks", ({ of }) => String(of.tasks)),
    right("ep", ({ of }) => String(of.episodes), "finished episodes: tasks x trials"),
    right("passed", ({ of }) => (of.judged === 0 ? absent : `${of.passed}/${of.judged}`)),
    right(
      "rate",
      ({ of }) => estimateText(of.passRate, percentText),
      "passed / judged, with its 95 % interval over tasks: Wilson's, and with several trials a task the wider of it and a t bootstrap over tasks",
    ),
    right("TTFT p50\nms", ({ of }) => numberText(of.ttftMsP50), "of the requests of these episodes"),
    right("s/ep", ({ of }) => numberText(of.secondsPerEpisode), "length of an episode, mean"),
    left(
      "coverage",
      ({ of, coverage }) => partText(of.tasks, coverage),
      "partial: the tasks of the run are a part of the workload's data, so these are a part of those that belong here",
    ),
  ],
};
const scoresAt = 6;

/** A table for each axis: its places, and at each the cells beside each other. */
export function axisTables(
  { axes, cells }: AxisReport,
  scores: Pick<ScoreReport, "names" | "outOf"> | undefined,
): readonly Table[] {
  return axes.flatMap(({ name, heading, meaning }): readonly Table[] => {
    const rows = cells.flatMap(({ cellId, coverage, rows: own }) =>
      own.flatMap((of): ShownPlace[] =>
        of.axis === name ? [{ place: String(of.value), cell: cellId, coverage, of }] : [],
      ),
    );
    if (rows.length === 0) return [];
    const inPlaces = placesOf(rows);
    const columns = shownColumns({ heading, meaning, scores, partial: rows.some(isCovered) });
    return [
      {
        title: `Scores by ${heading}`,
        columns,
        rows: inPlaces.map((row) => columns.map(({ text }) => text(row))),
        notes: failingNotes(cells),
      },
    ];
  });
}

function isCovered({ coverage }: ShownPlace): boolean {
  return coverage !== undefined;
}

/** In the order of the axis, also where a cell has not all places. */
function placesOf(rows: readonly ShownPlace[]): readonly ShownPlace[] {
  const groups = [...Map.groupBy(rows, ({ of }) => of.value)];
  const numbers = groups.flatMap(([value, members]) =>
    typeof value === "number" ? [{ value, members }] : [],
  );
  const words = groups.flatMap(([value, members]) => (typeof value === "string" ? [{ value, members }] : []));
  return [
    ...numbers.sort((a, b) => a.value - b.value),
    ...words.sort((a, b) => (a.value < b.value ? -1 : 1)),
  ].flatMap(({ members }) => members.map((row, at) => (at === 0 ? row : { ...row, place: "" })));
}

interface Shape {
  readonly heading: string;
  readonly meaning: string;
  readonly scores: Pick<ScoreReport, "names" | "outOf"> | undefined;
  readonly partial: boolean;
}

function shownColumns({ heading, meaning, scores, partial }: Shape): readonly ColumnOf<ShownPlace>[] {
  const named = (scores?.names ?? []).map(({ name, heading: head, meaning: about }) =>
    right(head, ({ of }: ShownPlace) => scoreText(of.scores[name], scores?.outOf ?? 1), about),
  );
  const [first, ...others] = axisScores.columns.filter(({ head }) => head !== "coverage" || partial);
  return [{ ...left(heading, first?.text ?? (() => ""), meaning) }, ...others].toSpliced(
    scoresAt,
    0,
    ...named,
  );
}

function failingNotes(cells: AxisReport["cells"]): readonly string[] {
  return cells.flatMap(({ cellId, failing }) =>
    failing ? [`${cellId}: failing: who is left over is no sample of its tasks, so it has no score`] : [],
  );
}
