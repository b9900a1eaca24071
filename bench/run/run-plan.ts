import { basename } from "node:path";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { expandCells, loadOf, type Cell } from "../plan/cells.ts";
import { episodeId, experimentFingerprint } from "../plan/identity.ts";
import type { RunStart } from "./new-run.ts";
import { finishedEpisodes, segmentsOf } from "../store/progress.ts";
import type { RunRecord } from "../store/record.ts";
import type { RunJson } from "../store/run-json.ts";
import type { WorkPlan } from "../workload/work.ts";
import type { EpisodeTask } from "../workload/workload.ts";

/** An episode of the plan, with the id that makes resume exact. */
export interface PlannedEpisode {
  readonly episodeId: string;
  readonly task: EpisodeTask;
}

/** A cell and what is left to do in it. */
export interface PlannedCellRun {
  readonly cell: Cell;
  readonly segmentId: string;
  readonly remaining: readonly PlannedEpisode[];
}

/** Every cell with every episode, before anything ran. */
export interface RunPlan {
  readonly cells: readonly { readonly cell: Cell; readonly episodes: readonly PlannedEpisode[] }[];
  readonly episodeCount: number;
}

export function planRun(loaded: LoadedExperiment, workload: WorkPlan): RunPlan {
  const cells = expandCells(loaded.experiment).map((cell) => ({
    cell,
    episodes: workload.episodes.map((task) => ({
      episodeId: episodeId(loaded, cell, task),
      task,
    })),
  }));
  return { cells, episodeCount: cells.reduce((sum, { episodes }) => sum + episodes.length, 0) };
}

/** What is left to do, given what was recorded; a cell that goes on gets a segment of its own. */
export function remainingCells(
  plan: RunPlan,
  records: readonly RunRecord[],
  redo: ReadonlySet<string>,
): PlannedCellRun[] {
  const finished = finishedEpisodes(records);
  const segments = segmentsOf(records);
  return plan.cells.map(({ cell, episodes }) => ({
    cell,
    segmentId: `s${segments.filter(({ cellId }) => cellId === cell.cellId).length}`,
    remaining: redo.has(cell.cellId)
      ? episodes
      : episodes.filter(({ episodeId }) => !finished.has(episodeId) || redo.has(episodeId)),
  }));
}

/** `run.json` of a new run. */
export function sweepRunJson(
  loaded: LoadedExperiment,
  workload: WorkPlan,
  { plan, start }: { readonly plan: RunPlan; readonly start: RunStart },
): RunJson {
  const { recorded, file } = loaded;
  return {
    v: 1,
    runId: start.runId,
    experiment: recorded.name,
    note: recorded.note,
    createdAt: start.createdAt,
    argv: start.argv,
    resolved: { ...recorded, file: basename(file) },
    hashes: hashesOf(loaded, workload),
    versions: {
      tollgate: "0.1.0",
      node: process.versions.node,
      [workload.agent.name]: workload.agent.version,
      ...workload.versions,
    },
    git: start.git,
    host: start.host,
    agent: { ...workload.agent },
    simulated: start.simulated,
    workload: { ...workload.facts },
    cells: plannedCells(plan),
  };
}

/** What must be equal for a run to be continued. */
export function hashesOf(loaded: LoadedExperiment, workload: WorkPlan): Record<string, string> {
  return { experiment: experimentFingerprint(loaded), ...workload.hashes };
}

export function plannedCells(plan: RunPlan): RunJson["cells"] {
  return plan.cells.map(({ cell, episodes }) => ({
    cellId: cell.cellId,
    arm: cell.arm.name,
    armKind: cell.arm.kind,
    load: loadOf(cell),
    concurrency: cell.concurrency,
    repetition: cell.repetition,
    episodeIds: episodes.map((episode) => episode.episodeId),
  }));
}
