import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { PictureSection } from "./document.ts";

const picturesMax = 24;

/** How full each cell was as time went on. */
export function overTimeSection(cells: readonly CellSummary[]): PictureSection {
  const known = cells.flatMap(({ cellId, overTime }) =>
    overTime === undefined ? [] : [{ cellId, overTime }],
  );
  const unread = known.filter(({ overTime }) => overTime.engine === undefined);
  const intervals = new Set(known.flatMap(({ overTime }) => overTime.engine?.sampleSeconds ?? []));
  return {
    title: "In flight and queued over time",
    notes: [
      "Solid: model requests open at the outer tap, from its stamps. Dashed: requests in the queue of the agent's engine; below: the share of its memory for keys and values in use, both as its page said, the largest reading of each step.",
      ...(intervals.size > 0
        ? [`The engine was read every ${[...intervals].join(" or ")} s (output.sampleSeconds).`]
        : []),
      ...(unread.length > 0
        ? [
            `The engine was not read in ${unread.length === known.length ? "any cell" : unread.map(({ cellId }) => cellId).join(", ")}: no queue and no memory.`,
          ]
        : []),
      ...(known.length > picturesMax
        ? [`${known.length - picturesMax} more cells are in report.json (cells[].overTime).`]
        : []),
    ],
    pictures: known.slice(0, picturesMax).map(({ cellId, overTime: { seconds, inFlight, engine } }) => ({
      kind: "over-time",
      title: cellId,
      seconds,
      inFlight,
      engine: engine ?? null,
    })),
  };
}
