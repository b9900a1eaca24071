import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { messageOf, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { systemClock } from "../measure/clock.ts";
import { serveDriverMetrics, type DriverMetrics } from "../metrics/driver-metrics.ts";
import { loadOf } from "../plan/cells.ts";
import { simulatedEngines } from "../stack/engine.ts";
import { usesDocker } from "../stack/docker/docker-node.ts";
import type { RunningStack } from "../stack/stack.ts";
import { failuresOf, PreflightError } from "../preflight/run-checks.ts";
import { startSupervisor, type Supervisor } from "../supervisor/supervisor.ts";
import type { SinkKind } from "../sink/sink.ts";
import { SinkSet } from "../sink/sink-set.ts";
import { RunDirectory, runIdOf } from "../store/run-directory.ts";
import { checkResumable } from "../store/resume-check.ts";
import type { CellRecord, RunRecord } from "../store/record.ts";
import type { RunJson } from "../store/run-json.ts";
import { StorageError } from "../store/storage-error.ts";
import { runSweep, type SweepEnd, type SweepParts } from "./sweep.ts";
import type { Work, WorkPlan } from "../workload/work.ts";
import { EngineRecovery } from "./engine-recovery.ts";
import { gitFacts, hostFacts } from "./host-facts.ts";
import { preflight } from "./preflight.ts";
import { preflightLines } from "./preflight-lines.ts";
import { hashesOf, sweepRunJson, planRun, plannedCells, remainingCells, type RunPlan } from "./run-plan.ts";
import type { StopRequest } from "./stop-request.ts";
import { childEnvironmentOf, startRunStack, type RunStackOptions } from "./run-stack.ts";
import { keepServerEvidence } from "./server-evidence.ts";
import { warmUp } from "./warm-up.ts";
import { SweepProgress, type SweepWatcher } from "./sweep-progress.ts";

export interface RunOptions {
  readonly loaded: LoadedExperiment;
  readonly workload: Work;
  /** Folder of run directories. */
  readonly outputDirectory: string;
  /** Run directory to go on with; null starts a new run. */
  readonly resume: string | null;
  /** Cells of a resumed run that are run again for performance. */
  readonly redo: (records: readonly RunRecord[]) => ReadonlySet<string>;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cacheDirectory: string;
  /** Port of the driver's own Prometheus page; 0 picks a free one. */
  readonly metricsPort: number;
  /** Names of preflight checks that are left out. */
  readonly skipPreflight: ReadonlySet<string>;
  readonly stop: StopRequest;
  readonly screen: {
    readonly interactive: boolean;
    readonly columns: number;
    readonly write: (text: string) => void;
  };
  /** Called with the run directory as soon as it exists. */
  readonly opened: (directory: string) => void;
  /** Writes the summary record of a cell from the run's evidence. */
  readonly summarise: (run: RunDirectory, cellId: string) => Promise<CellRecord>;
  /** Kinds of sinks that `sinks:` of an experiment may name. */
  readonly sinkKinds: readonly SinkKind[];
  /** Writes `report/` at the end, also after an interruption. */
  readonly report: (directory: string) => Promise<void>;
}

export interface RunEnd {
  readonly directory: string;
  readonly end: SweepEnd;
}

/** A whole run: plan, directory, supervisor, stack, agents, sweep, report. What it started is gone when it returns. */
export async function executeRun(options: RunOptions): Promise<RunEnd> {
  const { experiment } = options.loaded;
  const workload = await options.workload.plan(experiment, options.environment);
  const plan = planRun(options.loaded, workload);
  const { run, identity, records } = await openRun(options, { workload, plan });
  await using _run = run;
  options.opened(run.path);
  const runId = run.path.slice(run.path.lastIndexOf("/") + 1);
  const scratchDirectory = await mkdtemp(join(tmpdir(), "tg-"));
  const supervisor = startSupervisor({
    runId,
    supervisorId: randomUUID(),
    scratchDirectory,
    logFile: join(run.logDirectory, "supervisor.log"),
    ...(usesDocker(experiment) ? { docker: options.environment } : {}),
  });
  await startRecord(run, { runId, plan, resumed: options.resume !== null });
  const sinks = openSinks(options, run.path, identity);
  let end: SweepEnd = { reason: "failed", message: "the run did not start" };
  try {
    end = await sweepWith({
      ...options,
      plan,
      workloadPlan: workload,
      run,
      records,
      runId,
      scratchDirectory,
      supervisor,
      sinks,
    });
  } catch (error) {
    end = options.stop.cancelled.aborted
      ? { reason: "interrupted" }
      : {
          reason: "failed",
          message: messageOf(error),
          ...(error instanceof StartError && { exitCode: exitCodes.startFailed }),
        };
    if (end.reason === "failed") throw error;
  } finally {
    // A full disk refuses the record as well; what was started must be gone all the same.
    try {
      await endRecord(run, end, options.stop);
    } finally {
      const { orphans, containers, containersFailure } = await supervisor.shutdown();
      if (containers.length > 0)
        options.screen.write(`removed containers that were still there: ${containers.join(", ")}\n`);
      if (containersFailure !== null) {
        options.screen.write(
          `containers of this run may still be there: ${containersFailure} When Docker answers again, run \`tollgate clean\`.\n`,
        );
      }
      if (orphans.length > 0) {
        options.screen.write(
          `ended ${orphans.length} processes that were still running: see logs/supervisor.log\n`,
        );
      }
    }
    await options.report(run.path);
    sinks.push({ type: "run-ended", ...endFacts(end, options.stop) });
    await sinks.close();
  }
  return { directory: run.path, end };
}

function openSinks(options: RunOptions, runDirectory: string, run: RunJson): SinkSet {
  const { loaded, sinkKinds, environment, screen } = options;
  const sinks = new SinkSet(loaded.experiment.sinks ?? [], {
    kinds: sinkKinds,
    context: { runId: run.runId, runDirectory, environment },
    tell: (line) => screen.write(`${line}\n`),
  });
  sinks.push({ type: "run-started", run, resumed: options.resume !== null });
  return sinks;
}

interface OpenFacts {
  readonly workload: WorkPlan;
  readonly plan: RunPlan;
}

async function openRun(options: RunOptions, { workload, plan }: OpenFacts) {
  if (options.resume !== null) {
    const { run, stored } = await RunDirectory.resume(options.resume, { pid: process.pid });
    try {
      checkResumable(stored.identity, {
        hashes: hashesOf(options.loaded, workload),
        cells: plannedCells(plan),
      });
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
    for (const { file, line, message } of stored.warnings)
      options.screen.write(`${file}:${line}: ${message}\n`);
    return { run, identity: stored.identity, records: stored.records };
  }
  const createdAt = new Date();
  const runId = runIdOf({
    experiment: options.loaded.experiment.name,
    at: createdAt,
    suffix: randomBytes(3).toString("hex"),
  });
  const identity = sweepRunJson(options.loaded, workload, {
    plan,
    facts: {
      runId,
      createdAt: createdAt.toISOString(),
      argv: options.argv,
      versions: {
        tollgate: "0.1.0",
        node: process.versions.node,
        [workload.agent.name]: workload.agent.version,
        ...workload.versions,
      },
      git: await gitFacts(import.meta.dirname),
      host: await hostFacts(options.environment),
      simulated: await simulatedEngines(options.loaded.experiment.stack, options.environment),
    },
  });
  const run = await newRun(resolve(options.outputDirectory), identity);
  return { run, identity, records: [] as readonly RunRecord[] };
}

/** A folder that cannot be written is found out before anything is started: nothing was stopped by it. */
async function newRun(outputDirectory: string, identity: RunJson): Promise<RunDirectory> {
  try {
    return await RunDirectory.create(outputDirectory, { identity, pid: process.pid });
  } catch (cause) {
    if (!(cause instanceof StorageError)) throw cause;
    throw new StartError("run directory", cause.message, { cause });
  }
}

interface StartedRun extends RunOptions {
  readonly plan: RunPlan;
  readonly workloadPlan: WorkPlan;
  readonly run: RunDirectory;
  readonly records: readonly RunRecord[];
  readonly runId: string;
  readonly scratchDirectory: string;
  readonly supervisor: Supervisor;
  readonly sinks: SinkSet;
}

async function sweepWith(started: StartedRun): Promise<SweepEnd> {
  const { experiment } = started.loaded;
  const { run, supervisor, stop } = started;
  const cells = remainingCells(started.plan, started.records, started.redo(started.records));
  const episodes = cells.reduce((sum, { remaining }) => sum + remaining.length, 0);
  if (episodes === 0) return { reason: "complete" };
  using progress = new SweepProgress({
    clock: systemClock,
    cells: cells.filter(({ remaining }) => remaining.length > 0).length,
    episodes,
    ...started.screen,
  });
  const tell = (line: string) => progress.tell(line);
  await using metrics = await serveDriverMetrics({
    runId: started.runId,
    plannedEpisodes: episodes,
    plannedCells: cells.length,
    port: started.metricsPort,
  });
  tell(`the driver's own metrics: ${metrics.url}`);
  const childEnvironment = childEnvironmentOf(started.environment, supervisor);
  await using stack = await startedStack(stop, {
    experiment,
    taskData: started.workloadPlan.taskData,
    logDirectory: run.logDirectory,
    evidenceDirectory: join(run.path, "evidence"),
    environment: started.environment,
    supervisor,
    signal: stop.asked,
    tell,
  });
  if (stack === null) return { reason: "interrupted" };
  await keepServerEvidence(stack, { directory: join(run.path, "evidence"), signal: stop.cancelled });
  await checkStack(started, stack, { episodes, tell });
  await using prepared = await started.workload.prepare(experiment, {
    runId: started.runId,
    logDirectory: run.logDirectory,
    scratchDirectory: started.scratchDirectory,
    cacheDirectory: started.cacheDirectory,
    childEnvironment,
    concurrencyMax: Math.max(...experiment.sweep.concurrency),
    model: stack.agentEngine.model,
    signal: stop.cancelled,
    progress: tell,
  });
  const parts: SweepParts = {
    agent: started.workloadPlan.agent,
    prepared,
    stack,
    run,
    clock: systemClock,
    stop,
    watchers: [progress, metricsWatcher(metrics), sinkWatcher(started.sinks)],
    limits: limitsOf(started),
    keepBodies: experiment.output.bodies,
    retriesMax: experiment.collect?.retryInfra ?? 0,
    recovery: new EngineRecovery(experiment),
    summarise: async (cellId) => started.sinks.push(await started.summarise(run, cellId)),
    tell,
  };
  await warmUp(parts);
  // Without `await` the stack would be stopped before the sweep began.
  return await runSweep(parts, cells);
}

/** Weights take minutes to load: the first request to stop ends that wait. null then. */
async function startedStack(stop: StopRequest, options: RunStackOptions): Promise<RunningStack | null> {
  try {
    return await startRunStack(options);
  } catch (error) {
    if (stop.asked.aborted) return null;
    throw error;
  }
}

function metricsWatcher(metrics: DriverMetrics): SweepWatcher {
  return {
    cellStarted: (cell) =>
      metrics.cellStarted({ cellId: cell.cellId, arm: cell.arm.name, load: loadOf(cell) }),
    cellEnded: () => metrics.cellEnded(),
    episodeStarted: () => metrics.episodeStarted(),
    episodeEnded: (record) =>
      metrics.episodeEnded({ status: record?.status ?? "cancelled", arm: record?.arm ?? "none" }),
  };
}

function sinkWatcher(sinks: SinkSet): SweepWatcher {
  const nothing = () => undefined;
  return {
    cellStarted: nothing,
    cellEnded: nothing,
    episodeStarted: nothing,
    episodeEnded: (record) => (record === null ? undefined : sinks.push(record)),
  };
}

function limitsOf({ loaded }: StartedRun): SweepParts["limits"] {
  const { callSeconds, cellSeconds, drainSeconds } = loaded.experiment.limits;
  return { callMs: callSeconds * 1000, cellMs: cellSeconds * 1000, drainMs: drainSeconds * 1000 };
}

/** @throws PreflightError when a check failed: the run then ends before its first cell. */
async function checkStack(
  started: StartedRun,
  stack: RunningStack,
  { episodes, tell }: { readonly episodes: number; readonly tell: (line: string) => void },
): Promise<void> {
  const record = await preflight({
    experiment: started.loaded.experiment,
    workload: started.workloadPlan,
    stack,
    directory: started.run.path,
    output: { directory: started.run.path, episodes },
    skipped: started.skipPreflight,
    environment: started.environment,
    signal: started.stop.cancelled,
  });
  for (const line of preflightLines(record)) tell(line);
  if (failuresOf(record).length > 0) throw new PreflightError(record);
}

async function startRecord(
  run: RunDirectory,
  { runId, plan, resumed }: { readonly runId: string; readonly plan: RunPlan; readonly resumed: boolean },
): Promise<void> {
  await run.append({
    v: 1,
    type: "run-started",
    runId,
    at: systemClock.wallIso(),
    plannedEpisodes: plan.episodeCount,
    plannedCells: plan.cells.length,
    resumed,
  });
}

/** The last record of a run or a replay: why it ended, and with which exit code. */
export async function endRecord(run: RunDirectory, end: SweepEnd, stop: StopRequest): Promise<void> {
  await run.append({ v: 1, type: "run-ended", at: systemClock.wallIso(), ...endFacts(end, stop) });
}

function endFacts(end: SweepEnd, stop: StopRequest) {
  return {
    reason: end.reason,
    exitCode: exitCodeOf(end, stop),
    error: end.reason === "failed" ? end.message : null,
  };
}

/** Before the verdicts of the cells are looked at. */
export function exitCodeOf(end: SweepEnd, stop: StopRequest): number {
  if (end.reason === "complete") return exitCodes.ok;
  if (end.reason === "failed") return end.exitCode ?? exitCodes.resultInvalid;
  if (stop.cause === "sigint") return exitCodes.sigint;
  return stop.cause === "sigterm" ? exitCodes.sigterm : exitCodes.stoppedResumable;
}
