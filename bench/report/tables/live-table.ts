import type { LiveComparison } from "../../analysis/overhead/live-comparison.ts";
import { marginText } from "./margin-text.ts";
import { absent, differenceText, numberText } from "./number-text.ts";
import type { Overhead } from "../../analysis/overhead/overhead.ts";
import {
  minimumCellPairs,
  minimumTasks,
  type Difference,
} from "../../analysis/estimates/paired-difference.ts";
import { left, right, type Table } from "./table.ts";

type Row = readonly [name: string, of: (live: LiveComparison) => Difference];

const quantities: readonly Row[] = [
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

/** The whole episode, paired by task, trial and repetition, a row per quantity. */
export function liveTable(overheads: readonly Overhead[]): Table {
  return {
    title: "Live difference per episode (arm minus raw, 95 % interval)",
    columns: [
      left("load"),
      left("arm"),
      left("per episode"),
      right("pairs\n/tasks"),
      right("raw"),
      right("arm"),
      right("difference"),
      left("finding"),
    ],
    rows: overheads.flatMap(({ load, arm, live }) =>
      quantities.map(([name, of], index) => {
        const quantity = of(live);
        const inner = name.startsWith("·");
        return [
          index === 0 ? load : "",
          index === 0 ? arm : "",
          name,
          inner ? "" : `${quantity.difference.count}/${quantity.tasks}`,
          inner ? "" : numberText(quantity.baselineMean),
          inner ? "" : numberText(quantity.armMean),
          quantity.difference.count === 0 ? absent : differenceText(quantity.difference),
          findingText(quantity),
        ];
      }),
    ),
    notes: [
      "The five parts of the seconds add up to them. path, engine: time per model call at equal calls and tokens. agent behaviour: other calls and tokens, own time, tools. harness: session calls, set-up, evaluation.",
      `cannot tell: the interval holds 0, fewer than ${minimumTasks} tasks have a pair, or (seconds) fewer than ${minimumCellPairs} pairs of cells.`,
      ...overheads.flatMap(({ load, arm, live }) =>
        live.unsplit === 0
          ? []
          : [`${load} ${arm}: ${live.unsplit} pairs have no parts: a call was not seen at the inner tap`],
      ),
    ],
  };
}

function findingText(difference: Difference): string {
  const margin = marginText(difference);
  if (margin !== null) return margin;
  return difference.finding === "cannot-tell" ? "cannot tell" : difference.finding;
}
