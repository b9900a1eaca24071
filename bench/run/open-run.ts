import { randomBytes } from "node:crypto";
import { basename, join, resolve } from "node:path";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { variantNames, withVariant } from "../config/variants.ts";
import { RunUnreadableError, StartError } from "../errors.ts";
import { hostFacts } from "../host/host-facts.ts";
import { ownPrograms, type OwnPrograms } from "../host/own-programs.ts";
import { planCells, type RunPlan } from "../plan/run-plan.ts";
import { shardText, type Shard } from "../plan/shard.ts";
import { isSimulated } from "../stack/engine.ts";
import { checkKeys } from "../stack/keys.ts";
import { lostTrajectories } from "../store/lost-trajectories.ts";
import { exists, readRunJson, type StoredRun } from "../store/read-run.ts";
import type { RunRecord } from "../store/record.ts";
import { checkResumable, type Programs } from "../store/resume-check.ts";
import { RunDirectory, runIdOf } from "../store/run-directory.ts";
import type { RunJson } from "../store/run-json.ts";
import { StorageError } from "../store/storage-error.ts";
import type { WorkPlan } from "../workload/work.ts";
import type { RunSetting } from "./run-life.ts";

/** Where a run goes, and what its directory says of it. */
export interface RunPlace {
  /** Folder of run directories. */
  readonly outputDirectory: string;
  /** Run directory to go on with; null starts a new run. */
  readonly resume: string | null;
  /** The experiment is the one that the resumed run recorded: only its data can have changed. */
  readonly ownExperiment?: boolean;
  /** What becomes of finished episodes whose trajectories are lost. */
  readonly lost: "refuse" | "repeat";
  readonly argv: readonly string[];
  /** The part of the sweep that is run; absent: all of it, or that of the resumed run. */
  readonly shard?: Shard | undefined;
  /** What decides on cells while the run goes on; absent: all are planned. */
  readonly search?: RunJson["search"];
  /** Called with the run directory as soon as it exists. */
  readonly opened: (directory: string) => void;
}

/**
 * The part of a sweep that a run is; null: all of it.
 * @throws {RunUnreadableError} when the resumed run is another part
 */
export async function shardOf({ resume, shard }: Pick<RunPlace, "resume" | "shard">): Promise<Shard | null> {
  if (resume === null || !(await exists(join(resume, "run.json")))) return shard ?? null;
  const { shard: stored, runId } = await readRunJson(resume);
  const same = stored?.index === shard?.index && stored?.count === shard?.count && stored?.by === shard?.by;
  if (shard !== undefined && !same)
    throw new RunUnreadableError(
      `Run ${runId} is ${stored === undefined ? "a whole sweep" : `${shardText(stored)} by ${stored.by}`}, and not ${shardText(shard)} by ${shard.by}. Leave --shard and --split out: it is gone on with as what it is.`,
    );
  return stored ?? null;
}

/** What `run.json` says of a new run apart from its plan. */
export interface RunStart
  extends Pick<RunJson, "runId" | "createdAt" | "argv" | "host" | "simulated">, OwnPrograms {}

/** Looks at the machine and the engines before anything is started. @param name of the experiment */
export async function startFacts(
  name: string,
  {
    experiment,
    environment,
    argv,
  }: Pick<RunSetting, "experiment" | "environment"> & { readonly argv: readonly string[] },
): Promise<RunStart> {
  const simulated = await simulatedIn(experiment, environment);
  const at = new Date();
  return {
    runId: runIdOf({ experiment: name, at, suffix: randomBytes(3).toString("hex") }),
    createdAt: at.toISOString(),
    argv: [...argv],
    ...(await ownPrograms()),
    host: await hostFacts(environment),
    simulated,
  };
}

/** Asked of every variant: a run is labelled as a whole. */
async function simulatedIn(
  experiment: RunSetting["experiment"],
  environment: RunSetting["environment"],
): Promise<boolean> {
  const variants = variantNames(experiment);
  const found = new Map<string | undefined, boolean>();
  for (const name of variants.length === 0 ? [undefined] : variants) {
    const varied = withVariant(experiment, name);
    checkKeys(varied, environment);
    found.set(name, await isSimulated(varied.stack, environment));
  }
  const simulated = [...found].flatMap(([name, is]) => (is ? [String(name)] : []));
  if (simulated.length === 0 || simulated.length === found.size) return simulated.length > 0;
  throw new StartError(
    "sweep.variants",
    `The engines of ${simulated.join(", ")} are simulators and those of the other variants are not: times of a simulator must not stand beside real ones. Measure them in two runs.`,
  );
}

/** A folder that cannot be written is found out before anything is started: nothing was stopped by it. */
export async function newRun(outputDirectory: string, identity: RunJson): Promise<RunDirectory> {
  try {
    return await RunDirectory.create(resolve(outputDirectory), { identity, pid: process.pid });
  } catch (cause) {
    if (!(cause instanceof StorageError)) throw cause;
    throw new StartError("run directory", cause.message, { cause });
  }
}

/** `run.json` of a new run. */
function sweepRunJson(
  loaded: LoadedExperiment,
  workload: WorkPlan,
  { plan, start, search }: { readonly plan: RunPlan; readonly start: RunStart } & Pick<RunPlace, "search">,
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
    hashes: plan.identity.hashes,
    versions: versionsOf(workload, start.versions),
    git: start.git,
    host: start.host,
    agent: { ...workload.agent },
    simulated: start.simulated,
    workload: { ...workload.facts },
    ...(workload.warnings?.length && { warnings: [...workload.warnings] }),
    ...(workload.scores && { scores: { ...workload.scores, names: [...workload.scores.names] } }),
    ...keptOf(workload),
    cells: plan.identity.cells,
    ...(plan.identity.shard && { shard: plan.identity.shard }),
    ...(search !== undefined && { search }),
  };
}

function versionsOf({ agent, versions }: WorkPlan, own: RunStart["versions"]): RunJson["versions"] {
  return { ...own, [agent.name]: agent.version, ...versions };
}

/** What reports need of a plan, where the workload has it. */
function keptOf({ coverage, axes, passAtK }: WorkPlan): Pick<RunJson, "coverage" | "axes" | "passAtK"> {
  return {
    ...(coverage && { coverage: { ...coverage, excluded: [...coverage.excluded] } }),
    ...(axes && { axes: [...axes] }),
    ...(passAtK && { passAtK: [...passAtK] }),
  };
}

export interface OpenedSweep {
  readonly run: RunDirectory;
  readonly identity: RunJson;
  /** What an earlier invocation recorded. */
  readonly records: readonly RunRecord[];
  /** Ids of finished episodes whose trajectories are lost. */
  readonly lost: readonly string[];
  readonly programs: Programs;
}

/** What a sweep's directory is made from, or compared with. */
interface SweepPlan extends Pick<RunSetting, "experiment" | "environment" | "tell"> {
  readonly loaded: LoadedExperiment;
  readonly workload: WorkPlan;
  readonly plan: RunPlan;
}

/**
 * Makes a sweep's run directory, or opens the one that is gone on with.
 * @throws {RunUnreadableError} when that run was of another experiment, other data or other episodes
 */
export async function openSweep(place: RunPlace, sweep: SweepPlan): Promise<OpenedSweep> {
  const opened =
    place.resume === null ? await newSweep(place, sweep) : await resumedSweep(place.resume, place, sweep);
  place.opened(opened.run.path);
  return opened;
}

async function newSweep(place: RunPlace, sweep: SweepPlan): Promise<OpenedSweep> {
  const { loaded, workload, plan } = sweep;
  const start = await startFacts(loaded.experiment.name, { ...sweep, argv: place.argv });
  const { search } = place;
  const identity = sweepRunJson(loaded, workload, { plan, start, search });
  const { versions, git } = identity;
  const run = await newRun(place.outputDirectory, identity);
  return { run, identity, records: [], lost: [], programs: { versions, git } };
}

async function resumedSweep(
  directory: string,
  {
    lost: whenLost,
    ownExperiment = false,
    search: wanted,
  }: Pick<RunPlace, "lost" | "ownExperiment" | "search">,
  { loaded, workload, plan, tell }: SweepPlan,
): Promise<OpenedSweep> {
  const { run, stored } = await RunDirectory.resume(directory, { pid: process.pid });
  try {
    const { hashes, cells } = plan.identity;
    const { experiment = "" } = stored.identity.hashes;
    const { search, merged } = stored.identity;
    if (merged !== undefined)
      throw new RunUnreadableError(
        `Run ${stored.identity.runId} was merged of ${merged.shards.length} shards, which were measured elsewhere. Go on with the shard that lacks something (${merged.shards.map(({ runId }) => runId).join(", ")}), then merge again.`,
      );
    if (search !== wanted)
      throw new RunUnreadableError(
        `Run ${stored.identity.runId} is ${search === undefined ? "no search" : `a search (${search})`}. \`tollgate resume\` goes on with it as what it is.`,
      );
    const now = {
      // Paths were made absolute when it was recorded, which is no change.
      hashes: ownExperiment ? { ...hashes, experiment } : hashes,
      resolved: { ...loaded.recorded },
    };
    checkResumable(asPlanned(stored), {
      ...now,
      cells: search === undefined ? cells : stored.identity.cells,
    });
    if (search !== undefined) {
      const again = planAgain(loaded, workload, stored.identity.cells);
      checkResumable(stored.identity, { ...now, cells: again.identity.cells });
    }
    const { versions, git } = await ownPrograms();
    const programs = { versions: versionsOf(workload, versions), git };
    const { episodes, message } = await lostTrajectories(run.path, stored.records);
    if (message !== null && whenLost === "refuse")
      throw new RunUnreadableError(`Run ${stored.identity.runId} cannot be continued: ${message}`);
    if (message !== null) tell(`${episodes.length} finished episodes have no trajectory and are run again`);
    tellWarnings(stored, tell);
    const lost = episodes.map(({ episodeId }) => episodeId);
    return { run, identity: stored.identity, records: stored.records, lost, programs };
  } catch (error) {
    await run[Symbol.asyncDispose]();
    throw error;
  }
}

/** A sweep's cells as they were planned; a search has only others. */
function asPlanned({ identity, records }: Pick<StoredRun, "identity" | "records">): RunJson {
  const added = identity.search === undefined ? addedCells(records) : [];
  const names = new Set(added.map(({ cellId }) => cellId));
  return { ...identity, cells: identity.cells.filter(({ cellId }) => !names.has(cellId)) };
}

function addedCells(records: readonly RunRecord[]): RunJson["cells"] {
  return records.flatMap((record) => (record.type === "cells-planned" ? record.cells : []));
}

/** The plan of a sweep with the repetitions that earlier calls have added to it. */
export function withRepetitions(
  plan: RunPlan,
  {
    loaded,
    workload,
    records,
  }: {
    readonly loaded: LoadedExperiment;
    readonly workload: WorkPlan;
    readonly records: readonly RunRecord[];
  },
): RunPlan {
  const added = addedCells(records).map(
    ({ arm, concurrency, repetition, episodeIds: { length: episodes } }) => {
      return { arm, concurrency: concurrency ?? 1, repetition, episodes, asInSweep: true };
    },
  );
  if (added.length === 0) return plan;
  const more = planCells(loaded, workload, added);
  return {
    cells: [...plan.cells, ...more.cells],
    episodeCount: plan.episodeCount + more.episodeCount,
    identity: { ...plan.identity, cells: [...plan.identity.cells, ...more.identity.cells] },
  };
}

/** Cells that a search has decided on in earlier calls. */
export function planAgain(loaded: LoadedExperiment, workload: WorkPlan, cells: RunJson["cells"]): RunPlan {
  const wanted = cells.map(({ arm, concurrency, repetition, episodeIds }) => {
    return { arm, concurrency: concurrency ?? 1, repetition, episodes: episodeIds.length };
  });
  return planCells(loaded, workload, wanted);
}

function tellWarnings(stored: StoredRun, tell: SweepPlan["tell"]): void {
  for (const { file, line, message } of stored.warnings) tell(`${file}:${line}: ${message}`);
}
