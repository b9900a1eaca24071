import { differenceText, numberText } from "./number-text.ts";
import type { Overhead } from "../../analysis/overhead/overhead.ts";
import { marginText } from "./margin-text.ts";
import {
  minimumCellPairs,
  minimumTasks,
  type Difference,
} from "../../analysis/estimates/paired-difference.ts";
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
      marginText(pathMs.whole) ?? findingText(pathMs.whole),
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
        armPath.streaming === "simulated"
          ? [`${load} ${arm}: TTFT not comparable: its tokens reach the agent all at once, at the end`]
          : [],
      ),
      ...overheads.flatMap(({ load, arm, armPath, baselinePath }) =>
        armPath.joined > 0 || armPath.meanMs === null
          ? []
          : [
              `${load} ${arm}: no request could be joined; in the mean ${numberText(armPath.meanMs)} ms between the taps, raw ${numberText(baselinePath.meanMs)} ms`,
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
