import { differenceText, numberText, percentText } from "./number-text.ts";
import { minimumCellPairs, minimumTasks, type Difference, type Overhead } from "./overhead.ts";
import { left, right, type Table } from "./table.ts";

/** Time between the taps on the same requests, arm minus baseline. */
export function pathTable(overheads: readonly Overhead[]): Table {
  return {
    title: "Overhead in the path, ms per request (arm minus raw, 95 % interval)",
    columns: [
      left("load"),
      left("arm"),
      right("joined\n/requests"),
      right("tasks\n/pairs"),
      right("to first byte"),
      right("to first token"),
      right("whole request"),
      left("finding"),
    ],
    rows: overheads.map(({ load, arm, armPath, pathMs }) => [
      load,
      arm,
      `${armPath.joined}/${armPath.requests}`,
      `${pathMs.whole.tasks}/${pathMs.whole.cellPairs}`,
      differenceText(pathMs.firstByte.difference),
      differenceText(pathMs.firstToken.difference),
      differenceText(pathMs.whole.difference),
      findingText(pathMs.whole),
    ]),
    notes: [
      ...refusals(overheads),
      ...driftNote(overheads),
      ...overheads.flatMap(({ load, arm, baseline, pathMs, refused }) =>
        refused !== null || pathMs.whole.armMean === null
          ? []
          : [
              `${load} ${arm}: mean ${numberText(pathMs.whole.armMean)} ms between the taps, ${baseline} ${numberText(pathMs.whole.baselineMean)} ms`,
            ],
      ),
      ...overheads.flatMap(({ load, arm, armPath }) =>
        armPath.unmatched + armPath.retried === 0
          ? []
          : [
              `${load} ${arm}: ${armPath.unmatched} requests unmatched, ${armPath.retried} sent more than once`,
            ],
      ),
    ],
  };
}

/** The whole episode, paired by task, trial and repetition. */
export function liveTable(overheads: readonly Overhead[]): Table {
  return {
    title: "Live difference per episode (arm minus raw, 95 % interval)",
    columns: [
      left("load"),
      left("arm"),
      right("pairs\n/tasks"),
      right("reward"),
      right("seconds"),
      right("requests"),
      right("prompt tok"),
      right("compl. tok"),
    ],
    rows: overheads.map(({ load, arm, live }) => [
      load,
      arm,
      `${live.seconds.difference.count}/${live.seconds.tasks}`,
      difference(live.reward),
      difference(live.seconds),
      difference(live.requests),
      difference(live.promptTokens),
      difference(live.completionTokens),
    ]),
    notes: [
      ...overheads.flatMap(({ load, arm, baseline, live, refused }) =>
        refused !== null || live.reward.armMean === null
          ? []
          : [
              `${load}: reward over ${live.reward.difference.count} judged pairs: ${arm} ${percentText(live.reward.armMean)}, ${baseline} ${percentText(live.reward.baselineMean)}`,
            ],
      ),
      `* cannot tell: the interval holds 0, fewer than ${minimumTasks} tasks have a pair, or (seconds) fewer than ${minimumCellPairs} pairs of cells.`,
    ],
  };
}

function difference(of: Difference): string {
  const text = differenceText(of.difference);
  return of.finding === "cannot-tell" ? text.replace(" [", "* [") : text;
}

function findingText({ finding, tasks }: Difference): string {
  if (finding !== "cannot-tell") return finding === "more" ? "slower" : "faster";
  return tasks < minimumTasks ? "cannot tell\n(too few tasks)" : "cannot tell\n(holds 0)";
}

/** Said where it matters most: an interval over tasks looks sure of itself and knows one moment of the machine. */
function driftNote(overheads: readonly Overhead[]): string[] {
  const few = overheads.some(({ pathMs, refused }) => refused === null && pathMs.whole.unit === "tasks");
  return few
    ? [
        `Intervals are over tasks within fewer than ${minimumCellPairs} pairs of cells (tasks/pairs): drift from cell to cell is not in them. sweep.repetitions: ${minimumCellPairs} or more puts it in.`,
      ]
    : [];
}

function refusals(overheads: readonly Overhead[]): string[] {
  return overheads.flatMap(({ load, arm, refused }) =>
    refused === null ? [] : [`${load} ${arm}: no overhead: ${refused}`],
  );
}
