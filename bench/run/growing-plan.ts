import type { LoadedExperiment } from "../config/load-experiment.ts";
import { systemClock } from "../measure/clock.ts";
import { planCells, type WantedCell } from "../plan/run-plan.ts";
import { readRun } from "../store/read-run.ts";
import type { RunDirectory } from "../store/run-directory.ts";
import type { RunJson } from "../store/run-json.ts";
import type { WorkPlan } from "../workload/work.ts";
import { remainingCells, type PlannedCellRun } from "./remaining-work.ts";

/** Decides while a run goes on which cells it has. */
export interface CellSearch extends NextCells {
  readonly kind: NonNullable<RunJson["search"]>;
}

/** Decides on cells beyond those that were planned. */
export interface NextCells {
  /** What is to be measured next, given what a run has measured, and said in a line; none: the run is over. */
  readonly next: (directory: string, tell: (line: string) => void) => Promise<readonly WantedCell[]>;
}

export interface GrowingPlan {
  /** The next cells, which are then in the run's records; none: the run is over. */
  next(): Promise<readonly PlannedCellRun[]>;
  /** Of a search a load that fails episode after episode is a finding, and others are tried. */
  readonly isSearch: boolean;
}

export function growingPlan(
  search: NextCells,
  of: {
    readonly isSearch: boolean;
    readonly loaded: LoadedExperiment;
    readonly workload: WorkPlan;
    readonly run: Pick<RunDirectory, "path" | "append">;
    readonly tell: (line: string) => void;
  },
): GrowingPlan {
  return {
    isSearch: of.isSearch,
    next: async () => {
      const wanted = await search.next(of.run.path, of.tell);
      if (wanted.length === 0) return [];
      const { identity, records } = await readRun(of.run.path);
      const plan = planCells(of.loaded, of.workload, wanted);
      const known = new Set(identity.cells.map(({ cellId }) => cellId));
      const cells = plan.identity.cells.filter(({ cellId }) => !known.has(cellId));
      // A cell that was given up before it began is planned already.
      if (cells.length > 0)
        await of.run.append({ v: 1, type: "cells-planned", at: systemClock.wallIso(), cells });
      const left = remainingCells(plan, records);
      if (left.every(({ remaining }) => remaining.length === 0))
        throw new Error(
          `the search asks for cells that are measured: ${left.map(({ cell }) => cell.cellId).join(", ")}`,
        );
      return left;
    },
  };
}
