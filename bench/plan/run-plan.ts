import { ConfigError } from "../errors.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { variantNames } from "../config/variants.ts";
import { cellOf, expandCells, loadOf, type Cell } from "./cells.ts";
import { episodeIds, experimentFingerprint } from "./identity.ts";
import type { Shard } from "./shard.ts";
import type { WorkPlan } from "../workload/work.ts";
import type { EpisodeTask } from "../workload/workload.ts";

/** An episode of the plan, with the id that makes resume exact. */
export interface PlannedEpisode {
  readonly episodeId: string;
  readonly task: EpisodeTask;
}

/** Every cell with every episode, before anything ran. */
export interface RunPlan {
  readonly cells: readonly { readonly cell: Cell; readonly episodes: readonly PlannedEpisode[] }[];
  readonly episodeCount: number;
  /** What of it `run.json` keeps, and what must be equal for a run to be continued. */
  readonly identity: {
    readonly hashes: Record<string, string>;
    readonly cells: ReturnType<typeof storedCell>[];
    /** Which part of the sweep the cells are. */
    readonly shard?: Shard & { readonly plan: ShardedCell[] };
  };
}

/** Every episode has an id and a line in `run.json`; more than these are no sweep but a slip of the hand. */
const mostEpisodes = 1_000_000;

/** @throws {ConfigError} for a plan of more episodes than a run can hold, and for a shard that there is not */
export function planRun(loaded: LoadedExperiment, workload: WorkPlan, shard: Shard | null = null): RunPlan {
  refuseTooMany(loaded.experiment, workload.episodes.length);
  const plan = planOf(
    loaded,
    workload,
    expandCells(loaded.experiment, shard).map((cell) => ({ cell, tasks: workload.episodes })),
  );
  if (shard === null) return plan;
  return { ...plan, identity: { ...plan.identity, shard: { ...shard, plan: shardedPlan(loaded, shard) } } };
}

/** A cell of the whole sweep, and the index of the shard that it is given to. */
interface ShardedCell {
  readonly cellId: string;
  readonly shard: number;
}

/** In the order of a sweep that is not divided. */
function shardedPlan({ experiment }: LoadedExperiment, shard: Shard): ShardedCell[] {
  const shards = Array.from({ length: shard.count }, (_, index) => index);
  const owners = new Map(
    shards.flatMap((index) =>
      expandCells(experiment, { ...shard, index }).map(({ cellId }) => [cellId, index] as const),
    ),
  );
  return expandCells(experiment).map(({ cellId }) => ({ cellId, shard: owners.get(cellId) ?? -1 }));
}

/** A cell that is decided on while a run goes on. */
export interface WantedCell {
  readonly arm: string;
  readonly concurrency: number;
  readonly repetition: number;
  /** How many of the workload's episodes it has: every task once, then every task again. */
  readonly episodes: number;
  /** All of them, in the order of the sweep, whose cells it repeats. */
  readonly asInSweep?: boolean;
}

/** The plan of cells that are asked for one by one. An episode has the same id in whatever plan its cell stands. */
export function planCells(
  loaded: LoadedExperiment,
  workload: WorkPlan,
  wanted: readonly WantedCell[],
): RunPlan {
  const tasks = workload.episodes.toSorted((a, b) => a.trial - b.trial);
  const cells = wanted.map(({ arm: name, concurrency, repetition, episodes, asInSweep = false }) => {
    const arm = loaded.experiment.arms.find((one) => one.name === name);
    if (arm === undefined) throw new Error(`a cell of arm ${name} is wanted, which the experiment has not`);
    if (episodes > tasks.length)
      throw new Error(`a cell of ${episodes} episodes is wanted, and the workload has ${tasks.length}`);
    return {
      cell: cellOf(loaded.experiment, { arm, concurrency, repetition }),
      tasks: asInSweep ? workload.episodes : tasks.slice(0, episodes),
    };
  });
  return planOf(loaded, workload, cells);
}

function planOf(
  loaded: LoadedExperiment,
  workload: WorkPlan,
  wanted: readonly { readonly cell: Cell; readonly tasks: readonly EpisodeTask[] }[],
): RunPlan {
  const cells = wanted.map(({ cell, tasks }) => {
    const idOf = episodeIds(loaded, cell);
    return { cell, episodes: tasks.map((task) => ({ episodeId: idOf(task), task })) };
  });
  return {
    cells,
    episodeCount: cells.reduce((sum, { episodes }) => sum + episodes.length, 0),
    identity: {
      hashes: { experiment: experimentFingerprint(loaded), ...workload.hashes },
      cells: cells.map(storedCell),
    },
  };
}

function refuseTooMany({ arms, sweep }: LoadedExperiment["experiment"], perCell: number): void {
  const { length: loads } = sweep.concurrency;
  const variants = Math.max(1, variantNames({ sweep }).length);
  const episodes = loads * arms.length * sweep.repetitions * variants * perCell;
  if (episodes <= mostEpisodes) return;
  throw new ConfigError(
    `The plan has ${episodes} episodes: ${loads} loads x ${arms.length} arms x ${sweep.repetitions} repetitions x ${variants === 1 ? "" : `${variants} variants x `}${perCell} tasks and trials. A run holds at most ${mostEpisodes}; lower sweep.concurrency, sweep.repetitions, workload.trials or workload.tasks.`,
  );
}

function storedCell({ cell, episodes }: RunPlan["cells"][number]) {
  return {
    cellId: cell.cellId,
    arm: cell.arm.name,
    armKind: cell.arm.kind,
    load: loadOf(cell),
    concurrency: cell.concurrency,
    repetition: cell.repetition,
    ...(cell.variant !== undefined && { variant: cell.variant }),
    episodeIds: episodes.map((episode) => episode.episodeId),
  };
}
