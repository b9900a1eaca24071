import { recordedFailureLimits } from "../config/failure-limits.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { withVariant } from "../config/variants.ts";
import { planCells, planRun } from "../plan/run-plan.ts";
import { systemClock } from "../measure/clock.ts";
import { episodeCheck } from "../preflight/checks/episode.ts";
import { failuresOf, PreflightError } from "../preflight/run-checks.ts";
import { serveDriverMetrics } from "../metrics/driver-metrics.ts";
import type { RunningStack } from "../stack/stack.ts";
import { finishedEpisodes } from "../store/progress.ts";
import type { CellRecord, EpisodeRecord, RunRecord } from "../store/record.ts";
import type { SinkKind } from "../sink/sink.ts";
import { SinkSet } from "../sink/sink-set.ts";
import type { RunDirectory } from "../store/run-directory.ts";
import type { Work, WorkPlan } from "../workload/work.ts";
import type { PlayParts } from "./attempt.ts";
import { EngineRecovery } from "./engine-recovery.ts";
import { growingPlan, type CellSearch, type GrowingPlan, type NextCells } from "./growing-plan.ts";
import { overVariants, stretchesOf } from "./over-variants.ts";
import { openSweep, planAgain, shardOf, withRepetitions, type RunPlace } from "./open-run.ts";
import { checkFirstEpisodes, firstEpisodes, leaveOutEpisodes } from "./first-episodes.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { FailureWatch } from "./failure-watch.ts";
import { liveRun, onCheckedStack, type LiveRun, type RunEnd, type RunSetting } from "./run-life.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { checkPrograms } from "../store/resume-check.ts";
import { remainingCells, type PlannedCellRun, type RedoRule } from "./remaining-work.ts";
import type { Screen } from "./status-line.ts";
import { SweepProgress, type SweepWatcher } from "./sweep-progress.ts";
import { StartWatch } from "./start-watch.ts";
import { powerSource } from "./power-samples.ts";
import { runSweep, type SweepParts } from "./sweep.ts";
import { warmUp } from "./warm-up.ts";

export interface RunOptions<Report> extends Omit<RunSetting, "experiment" | "taskData" | "tell" | "phase"> {
  readonly loaded: LoadedExperiment;
  readonly workload: Work;
  readonly place: RunPlace;
  readonly redo: RedoRule;
  /** Decides on cells while the run goes on; absent: the whole sweep is planned. */
  readonly search?: CellSearch | undefined;
  /** Decides on cells beyond those of the plan. */
  readonly more?: NextCells | null | undefined;
  readonly cacheDirectory: string;
  /** Port of the driver's own Prometheus page; 0 picks a free one. */
  readonly metricsPort: number;
  readonly screen: Screen;
  /** Writes the summary record of a cell from the run's evidence. */
  readonly summarise: (run: RunDirectory, cellId: string) => Promise<CellRecord>;
  /** Kinds of sinks that `sinks:` of an experiment may name. */
  readonly sinkKinds: readonly SinkKind[];
  /** Writes `report/` at the end, also after an interruption. */
  readonly report: (directory: string) => Promise<Report>;
  /** The report that a finished run wrote, where it is of what the run directory holds now; null: it has to be written anew. */
  readonly writtenReport: (directory: string) => Promise<Report | null>;
}

/** A whole run of an experiment: plan, directory, the life of a run around the sweep of its cells. */
export async function executeRun<Report>(options: RunOptions<Report>): Promise<RunEnd<Report>> {
  const { loaded, place, screen, search } = options;
  const workload = await options.workload.plan(loaded.experiment, options.environment);
  const plan =
    search === undefined ? planRun(loaded, workload, await shardOf(place)) : planCells(loaded, workload, []);
  const early = (line: string) => screen.write(`${line}\n`);
  const setting = { ...options, experiment: loaded.experiment, taskData: workload.taskData, tell: early };
  const { run, identity, records, lost, programs } = await openSweep(
    { ...place, search: search?.kind },
    { ...setting, workload, plan },
  );
  for (const warning of workload.warnings ?? []) early(`warning: ${warning}`);
  const redo = options.redo(records, recordedFailureLimits(identity.resolved));
  const known =
    search === undefined
      ? withRepetitions(plan, { loaded, workload, records })
      : planAgain(loaded, workload, identity.cells);
  const cells = remainingCells(known, records, new Set([...redo, ...lost]));
  const finished = search === undefined && episodesIn(cells) === 0 && endedComplete(records);
  const written = finished ? await options.writtenReport(run.path) : null;
  if (written !== null) {
    await run[Symbol.asyncDispose]();
    early(`nothing is left to do in ${run.path}`);
    return { directory: run.path, outcome: { reason: "complete" }, report: written };
  }
  try {
    if (!finished) checkPrograms(identity, programs, early);
  } catch (thrown) {
    await run[Symbol.asyncDispose]();
    throw thrown;
  }
  using progress = progressOf(cells, { screen, planned: known.episodeCount });
  const tell = (line: string) => progress.tell(line);
  const more = search ?? options.more ?? null;
  const growing =
    more === null ? null : growingPlan(more, { loaded, workload, run, tell, isSearch: search !== undefined });
  const watched = { ...setting, tell, phase: (text: string) => progress.phase(text) };
  const sinks = new SinkSet(loaded.experiment.sinks ?? [], {
    kinds: options.sinkKinds,
    context: { runId: identity.runId, runDirectory: run.path, environment: options.environment },
    tell,
  });
  const opened = {
    run,
    plannedEpisodes: known.episodeCount,
    plannedCells: known.cells.length,
    resumed: place.resume !== null,
    programs,
  };
  return await liveRun(opened, watched, {
    measure: async (live) => {
      sinks.push({ type: "run-started", run: identity, resumed: opened.resumed });
      const earlier = [...finishedEpisodes(records).values()];
      const work = { cells, growing, workload, earlier, sinks, progress };
      return await sweepIn(live, watched, episodesIn(cells) > 0 ? work : await grown(work, [progress]));
    },
    report: options.report,
    finished: async (end) => {
      sinks.push({ type: "run-ended", ...end });
      await sinks.close();
    },
  });
}

/** The last call of the run came to its end, and left nothing out. */
function endedComplete(records: readonly RunRecord[]): boolean {
  const last = records.at(-1);
  return last?.type === "run-ended" && last.reason === "complete";
}

/** Counts over the whole run, also where an earlier call has done a part of it. */
function progressOf(
  cells: readonly PlannedCellRun[],
  { screen, planned }: { readonly screen: Screen; readonly planned: number },
): SweepProgress {
  const episodes = episodesIn(cells);
  return new SweepProgress({
    clock: systemClock,
    screen,
    cells: cells.filter(({ remaining }) => remaining.length > 0).length,
    episodes,
    finishedBefore: planned - episodes,
  });
}

function episodesIn(cells: readonly PlannedCellRun[]): number {
  return cells.reduce((sum, { remaining }) => sum + remaining.length, 0);
}

/** The options with what the plan has added to them. */
type SweepSetting = RunOptions<unknown> & RunSetting;

interface SweepWork {
  readonly cells: readonly PlannedCellRun[];
  /** null: there are no others. */
  readonly growing: GrowingPlan | null;
  readonly workload: WorkPlan;
  /** Episodes that earlier invocations finished. */
  readonly earlier: readonly EpisodeRecord[];
  readonly sinks: SinkSet;
  readonly progress: SweepProgress;
}

/** With the cells that are decided on next. */
async function grown<Of extends Pick<SweepWork, "cells" | "growing">>(
  work: Of,
  watchers: readonly SweepWatcher[],
): Promise<Of> {
  const cells = (await work.growing?.next()) ?? [];
  for (const watcher of watchers) watcher.cellsPlanned?.(cells.length, episodesIn(cells));
  return { ...work, cells };
}

/** What is left of the cells, with progress on screen and on the driver's own metrics page. */
async function sweepIn(live: LiveRun, setting: SweepSetting, work: SweepWork): Promise<RunOutcome> {
  const { cells, workload, progress } = work;
  const { tell } = setting;
  const episodes = episodesIn(cells);
  if (episodes === 0) return { reason: "complete" };
  await using metrics = await serveDriverMetrics({
    runId: live.runId,
    plannedEpisodes: episodes,
    plannedCells: cells.length,
    port: setting.metricsPort,
  });
  tell(`the driver's own metrics: ${metrics.url}`);
  const { sinks } = work;
  const sinkWatcher: SweepWatcher = { episodeEnded: (record) => record && sinks.push(record) };
  const watchers = [progress, metrics, sinkWatcher];
  // One for the run: restarts of engines are counted over all of it.
  const recovery = new EngineRecovery(setting.experiment);
  return await overVariants(stretchesOf(cells), {
    admits: () => setting.stop.admits(),
    tell,
    measure: async (stretch) => {
      const { variant } = stretch;
      const experiment = withVariant(setting.experiment, variant);
      const varied = { ...setting, experiment, variant };
      if (variant !== undefined) tell(`variant ${variant}: ${stretch.cells.length} cells`);
      const questions = {
        experiment,
        longestPrompt: workload.longestPrompt,
        usesTools: workload.usesTools,
        episodes: episodesIn(stretch.cells),
        leftOut: null,
      };
      return await onCheckedStack(live, varied, {
        questions,
        measure: (stack) =>
          sweepOn(stack, varied, { ...work, cells: stretch.cells, live, watchers, recovery }),
      });
    },
  });
}

/** Prepares the workload on a running stack and runs the cells. */
async function sweepOn(
  stack: RunningStack,
  setting: SweepSetting,
  work: SweepWork & {
    readonly live: LiveRun;
    readonly watchers: readonly SweepWatcher[];
    readonly recovery: EngineRecovery;
  },
): Promise<RunOutcome> {
  const { experiment, stop, tell } = setting;
  const phase = (text: string) => work.progress.phase(text);
  phase("starting the tool server and the agent");
  const { run, runId, scratchDirectory, childEnvironment } = work.live;
  using start = new StartWatch(stack);
  const preparing = setting.workload.prepare(experiment, {
    runId,
    logDirectory: run.logDirectory,
    scratchDirectory,
    cacheDirectory: setting.cacheDirectory,
    childEnvironment,
    environment: setting.environment,
    concurrencyMax: Math.max(...experiment.sweep.concurrency),
    model: stack.agentEngine.model,
    engine: stack.agentEngine,
    signal: AbortSignal.any([stop.cancelled, start.signal]),
    progress: tell,
    phase,
  });
  await using prepared = await start.during(preparing);
  start[Symbol.dispose]();
  const { callSeconds, cellSeconds, drainSeconds } = experiment.limits;
  const parts = {
    agent: work.workload.agent,
    prepared,
    stack,
    run,
    clock: systemClock,
    stop,
    watchers: work.watchers,
    limits: { callMs: callSeconds * 1000, cellMs: cellSeconds * 1000, drainMs: drainSeconds * 1000 },
    keepBodies: experiment.output.bodies,
    sampleSeconds: experiment.output.sampleSeconds,
    power: powerIn(experiment, setting.environment),
    retriesMax: experiment.collect?.retryInfra ?? 0,
    recovery: work.recovery,
    failures: new FailureWatch(
      experiment.limits.failures,
      new AnswerWatch(work.workload.smoke ?? 0, work.earlier),
    ),
    summarise: async (cellId: string) => work.sinks.push(await setting.summarise(run, cellId)),
    tell,
    phase,
  };
  await warmUp(parts);
  const checked = await firstChecked(setting, { ...parts, directory: run.path }, work.cells);
  if (!checked) return { reason: "interrupted" };
  // Without `await` the workload would be disposed of before the sweep began.
  return await sweepAndGrow(parts, work);
}

function powerIn(
  { output: { powerSeconds, dcgm } }: RunSetting["experiment"],
  environment: RunSetting["environment"],
): SweepParts["power"] {
  if (powerSeconds === 0) return null;
  return { source: powerSource(dcgm, { environment, clock: systemClock }), intervalS: powerSeconds };
}

/** Cell after cell, until nobody decides on others. */
async function sweepAndGrow(parts: SweepParts, work: SweepWork): Promise<RunOutcome> {
  if (work.growing === null) return await runSweep(parts, work.cells);
  for (let next = work; ; next = await grown(next, parts.watchers)) {
    if (next.cells.length === 0) return { reason: "complete" };
    // A load that ends episode after episode is one that the service does not carry: that is a finding, and others are tried.
    const failures = work.growing.isSearch ? new FailureWatch(parts.failures.limit) : parts.failures;
    const outcome = await runSweep({ ...parts, failures }, next.cells);
    const given =
      work.growing.isSearch &&
      outcome.reason === "failed" &&
      failures.stops.length > 0 &&
      !anyDead(parts, next.cells);
    if (outcome.reason !== "complete" && !given) return outcome;
  }
}

function anyDead({ stack }: SweepParts, cells: readonly PlannedCellRun[]): boolean {
  return cells.some(({ cell }) => stack.death(cell.arm.name) !== null);
}

/**
 * The last check of the preflight, which needs the agent. False: somebody asked to stop.
 * @throws {PreflightError} when an arm's episode failed, and not by what may be chance
 */
async function firstChecked(
  { experiment, skipPreflight, stop, tell }: RunSetting,
  parts: PlayParts & { readonly directory: string },
  cells: readonly PlannedCellRun[],
): Promise<boolean> {
  if (skipPreflight.has(episodeCheck.name)) {
    await leaveOutEpisodes(parts.directory);
    tell(`warning: preflight left out ${episodeCheck.name}`);
    return true;
  }
  const record = await checkFirstEpisodes({
    ...parts,
    first: firstEpisodes(cells),
    failuresMax: experiment.limits.failures,
    signal: stop.asked,
  });
  if (failuresOf(record).length > 0) throw new PreflightError(record);
  return stop.admits();
}
