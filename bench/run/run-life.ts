import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import { messageOf, StartError } from "../errors.ts";
import { programEnvironment } from "../host/program-environment.ts";
import { systemClock } from "../measure/clock.ts";
import { preflight, preflightLines, type PreflightOptions } from "../preflight/preflight.ts";
import { failuresOf, PreflightError } from "../preflight/run-checks.ts";
import { usesDocker } from "../stack/docker/docker-node.ts";
import type { RunningStack } from "../stack/stack.ts";
import { startStack } from "../stack/start/start-stack.ts";
import type { Programs } from "../store/resume-check.ts";
import type { RunDirectory } from "../store/run-directory.ts";
import { startSupervisor, type Supervisor } from "../supervisor/supervisor.ts";
import type { TaskData } from "../workload/workload.ts";
import { exitCodeOf, outcomeOf, type RunOutcome } from "./run-outcome.ts";
import type { StopRequest } from "./stop-request.ts";

/** What a run is given by its caller, whatever it measures. */
export interface RunSetting {
  readonly experiment: Experiment;
  /** The one of `sweep.variants` that the experiment is in; absent where it has none. */
  readonly variant?: string | undefined;
  readonly taskData: TaskData;
  /** The caller's whole environment: keys of attached servers are in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Names of preflight checks that are left out. */
  readonly skipPreflight: ReadonlySet<string>;
  readonly stop: StopRequest;
  readonly tell: (line: string) => void;
  /** What happens now, for a person who waits: `starting openclaw-0`. Absent: nobody watches. */
  readonly phase?: (text: string) => void;
}

/** A run directory that this process writes, and what the run's first record says. */
export interface OpenedRun {
  readonly run: RunDirectory;
  readonly plannedEpisodes: number;
  readonly plannedCells: number;
  readonly resumed: boolean;
  /** Of what measures now, as `run.json` has them. */
  readonly programs?: Programs;
}

/** What exists while a run is alive. */
export interface LiveRun {
  readonly runId: string;
  readonly run: RunDirectory;
  readonly supervisor: Supervisor;
  /** Whole environment of every child: what a program needs to run, not the user's keys. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** For sockets and state that must be gone afterwards. */
  readonly scratchDirectory: string;
}

export interface RunEnd<Report> {
  readonly directory: string;
  readonly outcome: RunOutcome;
  readonly report: Report;
}

/** What the life of a run needs of its setting. */
export interface LifeSetting extends Pick<RunSetting, "environment" | "stop" | "tell" | "phase"> {
  /** null: there is none, and no containers. */
  readonly experiment: Experiment | null;
}

/**
 * The life of a run in its open directory: supervisor, first record, what is measured, shutdown, last record, report. What
 * it started is gone when it returns. Whatever happened before, the last three are done; the first error is thrown, later
 * ones are told.
 */
export async function liveRun<Report>(
  { run, programs, ...planned }: OpenedRun,
  { experiment, environment, stop, tell, phase }: LifeSetting,
  steps: {
    readonly measure: (live: LiveRun) => Promise<RunOutcome>;
    readonly report: (directory: string) => Promise<Report>;
    /** After all of that, whatever came of it. */
    readonly finished?: (end: EndFacts) => Promise<void>;
  },
): Promise<RunEnd<Report>> {
  await using _run = run;
  const runId = run.path.slice(run.path.lastIndexOf("/") + 1);
  const supervised = await supervise(runId, { experiment, environment, logDirectory: run.logDirectory });
  void supervised.supervisor.died.then(({ message }) => tell(`warning: ${message} The run goes on.`));
  await run.append({ v: 1, type: "run-started", runId, at: systemClock.wallIso(), ...planned, ...programs });

  const measured = await settled(steps.measure({ runId, run, ...supervised }));
  const measuredOutcome =
    measured.status === "fulfilled" ? measured.value : outcomeOf(measured.reason, stop.cancelled.aborted);
  phase?.("stopping what the run started");
  const ended = await settled(shutDown(supervised, tell));
  const outcome =
    ended.status === "rejected" && measuredOutcome.reason !== "failed"
      ? outcomeOf(ended.reason, false)
      : measuredOutcome;
  const end: EndFacts = {
    reason: outcome.reason,
    exitCode: exitCodeOf(outcome, stop.cause),
    error: outcome.reason === "failed" ? outcome.message : null,
  };
  const recorded = await settled(run.append({ v: 1, type: "run-ended", at: systemClock.wallIso(), ...end }));
  phase?.("writing the report");
  const reported = await settled(steps.report(run.path));
  await steps.finished?.(end);

  const interrupted = measuredOutcome.reason === "interrupted";
  const [first, ...later] = [...(interrupted ? [] : [measured]), ended, recorded, reported].filter(
    (step) => step.status === "rejected",
  );
  for (const { reason } of later) tell(messageOf(reason));
  if (first !== undefined) throw first.reason;
  if (reported.status === "rejected") throw reported.reason;
  return { directory: run.path, outcome, report: reported.value };
}

/** Why a run ended, and with which exit code, as its last record says it. */
export interface EndFacts {
  readonly reason: RunOutcome["reason"];
  readonly exitCode: number;
  readonly error: string | null;
}

async function settled<T>(step: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([step]);
  return result;
}

export type Supervised = Pick<LiveRun, "supervisor" | "childEnvironment" | "scratchDirectory">;

/** The process that ends everything of a run when this one is gone, however it went. */
export async function supervise(
  runId: string,
  { experiment, environment, logDirectory }: SupervisedRun,
): Promise<Supervised> {
  const scratchDirectory = await mkdtemp(join(tmpdir(), "tg-"));
  const supervisor = startSupervisor({
    runId,
    supervisorId: randomUUID(),
    scratchDirectory,
    logFile: join(logDirectory, "supervisor.log"),
    ...(experiment !== null && usesDocker(experiment) ? { docker: environment } : {}),
  });
  const childEnvironment = { ...programEnvironment(environment), ...supervisor.environment };
  return { supervisor, childEnvironment, scratchDirectory };
}

interface SupervisedRun extends Pick<LifeSetting, "experiment" | "environment"> {
  readonly logDirectory: string;
}

/** @throws {StartError} when the supervisor is dead: then nobody knows whether all of the run is gone */
export async function shutDown(
  { supervisor, scratchDirectory }: Supervised,
  tell: RunSetting["tell"],
): Promise<void> {
  try {
    const { orphans, containers, containersFailure } = await supervisor.shutdown();
    if (containers.length > 0) tell(`removed containers that were still there: ${containers.join(", ")}`);
    if (containersFailure !== null)
      tell(
        `containers of this run may still be there: ${containersFailure} When Docker answers again, run \`tollgate clean\`.`,
      );
    if (orphans.length > 0)
      tell(`ended ${orphans.length} processes that were still running: see logs/supervisor.log`);
  } catch (cause) {
    await rm(scratchDirectory, { recursive: true, force: true });
    const advice =
      "What was recorded and measured is kept, but processes or containers of the run may still be there: run `tollgate clean`.";
    throw new StartError("supervisor", `${messageOf(cause)} ${advice}`, { cause });
  }
}

/** What a preflight is to ask, apart from what the run's setting says. */
export interface Questions extends Pick<PreflightOptions, "experiment" | "longestPrompt" | "usesTools"> {
  /** Episodes or conversations that there must be room for. */
  readonly episodes: number;
  /** Checks that cannot be made in this kind of run; they are in the record as skipped, and not in what is told. */
  readonly leftOut: { readonly names: readonly string[]; readonly why: string } | null;
}

/**
 * Starts the stack, asks it everything that a preflight asks, and measures on it.
 * @throws {PreflightError} when a check failed: the run then ends before anything is measured
 */
export async function onCheckedStack(
  live: LiveRun,
  setting: RunSetting,
  steps: {
    readonly questions: Questions;
    readonly measure: (stack: RunningStack) => Promise<RunOutcome>;
  },
): Promise<RunOutcome> {
  const { environment, skipPreflight, stop, tell, variant } = setting;
  const { episodes, leftOut, ...questions } = steps.questions;
  const { run } = live;
  const place = { directory: run.path, logDirectory: run.logDirectory, signal: stop.asked };
  // Weights take minutes to load: the first request to stop ends that wait.
  const started = await settled(startedStack(live, setting, place));
  if (started.status === "rejected") {
    if (stop.asked.aborted) return { reason: "interrupted" };
    throw started.reason;
  }
  await using stack = started.value;
  const record = await preflight({
    ...questions,
    variant,
    stack,
    directory: run.path,
    output: { directory: run.path, episodes },
    skipped: new Set([...(leftOut?.names ?? []), ...skipPreflight]),
    environment,
    signal: stop.cancelled,
    ...(setting.phase && { phase: setting.phase }),
  });
  const asked = record.checks.filter(({ name }) => !leftOut?.names.includes(name));
  for (const line of preflightLines({ ...record, checks: asked })) tell(line);
  if (leftOut !== null) tell(`preflight: ${leftOut.why}`);
  if (failuresOf(record).length > 0) throw new PreflightError(record);
  // Without `await` the stack would be stopped before anything was measured.
  return await steps.measure(stack);
}

interface StackPlace {
  readonly directory: string;
  readonly logDirectory: string;
  /** Ends the wait for a part that starts. */
  readonly signal: AbortSignal;
}

/** The stack of an experiment, with an admin key that is made for this occasion. */
export function startedStack(
  { supervisor, childEnvironment, scratchDirectory }: Supervised,
  { experiment, variant, taskData, environment, tell, phase }: RunSetting,
  { directory, logDirectory, signal }: StackPlace,
): Promise<RunningStack> {
  return startStack({
    experiment,
    variant,
    taskData,
    environment,
    tell,
    ...(phase && { phase }),
    logDirectory,
    signal,
    evidenceDirectory: join(directory, "evidence"),
    childEnvironment,
    scratchDirectory,
    keeper: supervisor,
    adminKey: randomBytes(24).toString("base64url"),
  });
}
