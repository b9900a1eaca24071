import type { ObjectiveFinding, SloFinding } from "../../analysis/slo/assess.ts";
import type { SloReport } from "../../analysis/slo/slo-report.ts";
import { absent, estimateText, numberText, percentText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

type Cell = SloReport["cells"][number];

interface Row {
  /** null in the rows of further limits of the same cell. */
  readonly cell: Cell | null;
  readonly objective: ObjectiveFinding;
}

export const findingWords: Readonly<Record<SloFinding, string>> = {
  met: "met",
  missed: "missed",
  "cannot-tell": "cannot tell",
};

/** A row for each limit of each cell. */
export const sloCells: TableOf<Row> = {
  title: "Limits (sweep.slo)",
  columns: [
    left("cell", ({ cell }) => cell?.cellId ?? ""),
    left(
      "SLO",
      ({ cell }) => (cell === null ? "" : findingWords[cell.finding]),
      "met: the 95 % interval of every limited number keeps its limit; missed: all of one lies beyond; else the data cannot tell",
    ),
    left("limit", ({ objective }) => limitText(objective)),
    right(
      "measured",
      ({ objective }) => measuredText(objective),
      "the limited number with its 95 % interval; a loss of passed tasks in percentage points",
    ),
    right("n", ({ objective }) => String(objective.value.count), "requests, episodes or tasks"),
    right(
      "beyond",
      ({ objective: { beyond } }) => percentText(beyond?.value ?? null),
      "share of values beyond the limit, each episode counted once; where there are too few values to state a percentile, the interval of this share decides",
    ),
    left("", ({ objective }) => findingWords[objective.finding]),
    right("ep\n/min", ({ cell }) => (cell === null ? "" : numberText(cell.episodesPerMinute.value))),
    right(
      "good\n/min",
      ({ cell }) => (cell === null ? "" : numberText(cell.goodput.value)),
      "goodput: episodes per minute that did not fail and kept every limit themselves, their requests by the same statistic",
    ),
  ],
};

export function sloTable({ cells }: SloReport): Table {
  const rows = cells.flatMap((cell) =>
    cell.objectives.map((objective, at): Row => ({ cell: at === 0 ? cell : null, objective })),
  );
  return filled(sloCells, rows, [
    ...cells.flatMap(({ cellId, why }) =>
      why === null ? [] : [why.startsWith(cellId) ? why : `${cellId}: ${why}`],
    ),
    ...cells.flatMap(({ cellId, objectives }) =>
      objectives.flatMap(({ name, why, finding }) =>
        why === null || finding !== "cannot-tell" ? [] : [`${cellId}: ${name}: ${why}`],
      ),
    ),
    ...cells.flatMap(({ cellId, doubt }) =>
      doubt === null ? [] : [`${cellId}: what it misses may be the client's: ${doubt}`],
    ),
  ]);
}

/** `ttft_p95 <= 2s` */
export function limitText({ name, text }: { readonly name: string; readonly text: string }): string {
  return `${name} <= ${text}`;
}

/** `1.80 s [1.71, 1.93]` */
export function measuredText({ value, unit }: Pick<ObjectiveFinding, "value" | "unit">): string {
  if (unit === "share") return estimateText(value, percentText);
  if (value.value === null) return value.count === 0 ? absent : "n too small";
  const seconds = value.value >= 1000;
  const scaled = (one: number | null) => (one === null ? null : seconds ? one / 1000 : one);
  const { value: number, low, high, count } = value;
  const text = estimateText({ value: scaled(number), low: scaled(low), high: scaled(high), count });
  const [first = "", ...rest] = text.split(" ");
  return [first, seconds ? "s" : "ms", ...rest].join(" ");
}
