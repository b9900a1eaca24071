import type { LiveComparison } from "../../analysis/overhead/live-comparison.ts";
import { findingText } from "./finding-text.ts";
import { shown } from "./path-table.ts";
import { absent, differenceText, numberText } from "./number-text.ts";
import { placeOf } from "../../store/place.ts";
import type { Overhead } from "../../analysis/overhead/overhead.ts";
import {
  minimumCellPairs,
  minimumTasks,
  type Difference,
} from "../../analysis/estimates/paired-difference.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

const quantities: readonly (readonly [name: string, of: (live: LiveComparison) => Difference])[] = [
  ["reward", ({ reward }) => reward],
  ["seconds", ({ seconds }) => seconds],
  ["· path", ({ shares }) => shares.path],
  ["· engine", ({ shares }) => shares.engine],
  ["· agent behaviour", ({ shares }) => shares.behaviour],
  ["· user", ({ shares }) => shares.user],
  ["· harness", ({ shares }) => shares.harness],
  ["turns", ({ turns }) => turns],
  ["requests", ({ requests }) => requests],
  ["prompt tokens", ({ promptTokens }) => promptTokens],
  ["completion tokens", ({ completionTokens }) => completionTokens],
];

interface LiveRow {
  /** Empty in all rows of an arm but the first. */
  readonly load: string;
  readonly arm: string;
  readonly name: string;
  readonly quantity: Difference;
  readonly refused: string | null;
}

const whole = (row: LiveRow, text: string) => (row.name.startsWith("·") ? "" : text);

/** The whole episode, paired by task, trial and repetition, a row per quantity. */
export const live: TableOf<LiveRow> = {
  title: "Live difference per episode (arm minus raw, 95 % interval)",
  columns: [
    left("load", ({ load }) => load),
    left("arm", ({ arm }) => arm),
    left("per episode", ({ name }) => name, "the quantity; those with a dot are the parts of the seconds"),
    right(
      "pairs\n/tasks",
      (row) => whole(row, `${row.quantity.difference.count}/${row.quantity.tasks}`),
      "episodes of the same task, trial and repetition in both arms",
    ),
    right("raw", (row) => whole(row, numberText(row.quantity.baselineMean)), "mean of these episodes"),
    right("arm", (row) => whole(row, numberText(row.quantity.armMean)), "mean of these episodes"),
    right(
      "difference",
      ({ quantity: { difference } }) => (difference.count === 0 ? absent : differenceText(difference)),
      "mean of the paired differences",
    ),
    left(
      "finding",
      (row) => shown(row, findingText(row.quantity, { more: "more", less: "less" })),
      "against the declared margin, or more, less, the same, cannot tell",
    ),
  ],
};

export function liveTable(compared: readonly Overhead[]): Table {
  const overheads = compared.map((overhead) => ({ ...overhead, load: placeOf(overhead) }));
  const rows = overheads.flatMap(({ load, arm, live, refused }) =>
    quantities.map(([name, of], index): LiveRow => {
      const place = index === 0 ? { load, arm } : { load: "", arm: "" };
      return { ...place, name, quantity: of(live), refused };
    }),
  );
  return filled(live, rows, [
    "The five parts of the seconds add up to them. path, engine: time per model call at equal calls and tokens. agent behaviour: other calls and tokens, own time, tools. harness: session calls, set-up, evaluation.",
    `cannot tell: the interval holds 0, fewer than ${minimumTasks} tasks have a pair, or (seconds) fewer than ${minimumCellPairs} pairs of cells.`,
    ...overheads.flatMap(({ load, arm, callsMayDiffer }) =>
      callsMayDiffer === undefined ? [] : [`${load} ${arm}: ${callsMayDiffer}`],
    ),
    ...overheads.flatMap(({ load, arm, live }) =>
      live.unsplit === 0
        ? []
        : [`${load} ${arm}: ${live.unsplit} pairs have no parts: a call was not seen at the inner tap`],
    ),
  ]);
}
