import type { CellPower } from "../../analysis/power/cell-power.ts";
import { numberText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** What the GPUs of the agent's engine drew. */
export const powers: TableOf<CellPower> = {
  title: "Power",
  columns: [
    left("cell", ({ cellId }) => cellId),
    left(
      "GPUs",
      ({ gpus }) => gpus.join(", "),
      "of the agent's engine; without a list in the experiment all of the DCGM page",
    ),
    right("W", ({ watts }) => numberText(watts), "all of these together, mean over the readings"),
    right(
      "kJ/episode",
      ({ joulesPerEpisode }) => numberText(joulesPerEpisode === null ? null : joulesPerEpisode / 1000),
      "that power x the wall clock of the used segments, over the episodes that did not fail",
    ),
    right("readings", ({ samples }) => String(samples)),
    left("by", ({ source }) => source),
  ],
};

export function powerTable(cells: readonly CellPower[]): Table {
  return filled(powers, cells);
}
