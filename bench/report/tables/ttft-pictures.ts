import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { TtftGroup } from "../../analysis/cell/ttft-groups.ts";
import { wayOf } from "../../store/place.ts";
import type { LinePicture, PictureSection } from "./document.ts";
import { estimateText, numberText } from "./number-text.ts";
import { left, right, type Table } from "./table.ts";

interface Grouping {
  readonly name: string;
  readonly xAxis: string;
  readonly of: (cell: CellSummary) => readonly TtftGroup[];
  readonly label: (group: TtftGroup) => string;
}

const groupings: readonly Grouping[] = [
  {
    name: "by turn",
    xAxis: "the k-th request of its episode",
    of: ({ ttftGroups }) => ttftGroups?.byTurn ?? [],
    label: ({ from, to }) => (to === null ? `${from}+` : from === to ? String(from) : `${from}-${to}`),
  },
  {
    name: "by prompt length",
    xAxis: "prompt tokens",
    of: ({ ttftGroups }) => ttftGroups?.byPromptTokens ?? [],
    label: ({ from, to }) => (to === null ? `${from / 1000}k+` : `${from / 1000}-${(to + 1) / 1000}k`),
  },
];

const notes = [
  "Median of the answered, streamed requests at the outer tap; the interval is over episodes (none below ten). Turn: the k-th time that the agent asks the model in its episode. Prompt tokens: as the answer's usage tells them.",
];

/** Time to first token of parts of the requests, a picture for each of a few loads; nothing where the requests are all alike. */
export function ttftSections(cells: readonly CellSummary[]): readonly PictureSection[] {
  const loads = fewLoads([...new Set(cells.map(({ load }) => load))]);
  const arms = [...new Set(cells.map(wayOf))];
  const pictures = groupings.flatMap((grouping) =>
    loads.flatMap((load) => {
      const own = cells.filter((cell) => cell.load === load);
      const picture = linePicture(grouping, { load, arms }, own);
      const places = new Set(picture.series.flatMap(({ points }) => points.map(({ at }) => at)));
      return places.size < 2 ? [] : [{ kind: "lines" as const, ...picture }];
    }),
  );
  return pictures.length === 0
    ? []
    : [{ title: "Time to first token by turn and by prompt length", notes, pictures }];
}

/** The first, the last and one between. */
function fewLoads(loads: readonly string[]): readonly string[] {
  if (loads.length <= 3) return loads;
  return [0, Math.floor(loads.length / 2), loads.length - 1].flatMap((at) => loads[at] ?? []);
}

function linePicture(
  { name, xAxis, of, label }: Grouping,
  { load, arms }: { readonly load: string; readonly arms: readonly string[] },
  cells: readonly CellSummary[],
): LinePicture {
  return {
    title: `TTFT p50 ${name} at ${load}, ms`,
    xAxis,
    yAxis: "ms",
    leftOut: [],
    series: arms.map((arm) => ({
      name: arm,
      points: cells
        .filter((cell) => wayOf(cell) === arm)
        .flatMap((cell) =>
          of(cell).flatMap((group) =>
            group.p50.value === null
              ? []
              : [
                  {
                    at: group.from,
                    label: label(group),
                    estimate: group.p50,
                    doubtful: cell.verdict !== "valid",
                  },
                ],
          ),
        )
        .sort((a, b) => a.at - b.at),
    })),
  };
}

/** The same as numbers, a table for each grouping; nothing where no cell has groups. */
export function ttftTables(cells: readonly CellSummary[]): readonly Table[] {
  return groupings.flatMap(({ name, of, label }) => {
    const labels = new Map(
      cells.flatMap((cell) => of(cell).map((group) => [group.from, label(group)] as const)),
    );
    if (labels.size < 2) return [];
    const columns = [...labels].sort(([a], [b]) => a - b);
    return [
      {
        title: `Time to first token ${name}, ms: p50, p95 and requests`,
        columns: [left("cell"), ...columns.map(([, head]) => right(head))],
        rows: cells
          .filter((cell) => of(cell).length > 0)
          .map((cell) => [
            cell.cellId,
            ...columns.map(([from]) => groupText(of(cell).find((group) => group.from === from))),
          ]),
        notes,
      },
    ];
  });
}

function groupText(group: TtftGroup | undefined): string {
  if (group === undefined) return "-";
  const { p50, p95 } = group;
  return `${estimateText(p50)}\np95 ${p95 === null ? "n too small" : numberText(p95)}\nn ${p50.count}`;
}
