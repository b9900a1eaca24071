import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArmSpec } from "../../config/arm-schema.ts";
import type { Experiment } from "../../config/experiment.ts";
import type { SectionIdentities } from "../../config/section.ts";
import { messageOf, StartError } from "../../errors.ts";
import { exitCodes } from "../../exit-codes.ts";
import { LoadThread } from "../../load/load-thread.ts";
import { parseLoad } from "../../load/schedule.ts";
import { systemClock } from "../../measure/clock.ts";
import { experimentFingerprint } from "../../plan/identity.ts";
import { cellIdOf } from "../../store/leg-name.ts";
import { failuresOf, PreflightError } from "../../preflight/run-checks.ts";
import { leftOutChecks, leftOutText } from "../../store/left-out-checks.ts";
import type { Recording } from "./recording.ts";
import { runBlocks } from "./run-blocks.ts";
import { simulatedEngines } from "../../stack/engine.ts";
import { usesDocker } from "../../stack/docker/docker-node.ts";
import type { RunningStack } from "../../stack/stack.ts";
import { startSupervisor, type Supervisor } from "../../supervisor/supervisor.ts";
import type { StoredRun } from "../../store/read-run.ts";
import type { ReplayPlan } from "../../store/replay-plan.ts";
import { RunDirectory, runIdOf } from "../../store/run-directory.ts";
import type { RunJson } from "../../store/run-json.ts";
import { StorageError } from "../../store/storage-error.ts";
import type { SweepEnd } from "../sweep.ts";
import type { TaskData } from "../../workload/workload.ts";
import { gitFacts, hostFacts } from "../host-facts.ts";
import { preflight } from "../preflight.ts";
import { preflightLines } from "../preflight-lines.ts";
import { endRecord } from "../run.ts";
import { startRunStack } from "../run-stack.ts";
import { keepServerEvidence } from "../server-evidence.ts";
import type { StopRequest } from "../stop-request.ts";

export interface ReplayRunOptions {
  readonly source: StoredRun;
  readonly recording: Recording;
  readonly plan: ReplayPlan;
  /** The recorded run's, with the arms that the plan names and no others. */
  readonly experiment: Experiment;
  /** The same for `run.json` and for ids, see `LoadedExperiment`. */
  readonly recorded: Experiment;
  readonly written: Experiment;
  readonly identities: SectionIdentities;
  readonly taskData: TaskData;
  /** Names of preflight checks that are left out. */
  readonly skipPreflight: ReadonlySet<string>;
  readonly outputDirectory: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stop: StopRequest;
  /** Called with the run directory as soon as it exists. */
  readonly opened: (directory: string) => void;
  readonly tell: (text: string) => void;
}

/** A whole replay: directory, supervisor, stack, preflight, blocks. What it started is gone when it returns. */
export async function executeReplay(
  options: ReplayRunOptions,
): Promise<{ readonly directory: string; readonly end: SweepEnd }> {
  const { experiment, stop } = options;
  await using run = await newRun(options.outputDirectory, await replayRunJson(options));
  options.opened(run.path);
  const runId = run.path.slice(run.path.lastIndexOf("/") + 1);
  const supervisor = startSupervisor({
    runId,
    supervisorId: randomUUID(),
    scratchDirectory: await mkdtemp(join(tmpdir(), "tg-")),
    logFile: join(run.logDirectory, "supervisor.log"),
    ...(usesDocker(experiment) ? { docker: options.environment } : {}),
  });
  const cells = options.plan.settings.length * options.plan.arms.length;
  const at = systemClock.wallIso();
  await run.append({
    v: 1,
    type: "run-started",
    runId,
    at,
    plannedEpisodes: 0,
    plannedCells: cells,
    resumed: false,
  });
  let end: SweepEnd = { reason: "failed", message: "the replay did not start" };
  try {
    end = await replayWith(options, { run, supervisor });
  } catch (error) {
    end = stop.cancelled.aborted
      ? { reason: "interrupted" }
      : {
          reason: "failed",
          message: messageOf(error),
          ...(error instanceof StartError && { exitCode: exitCodes.startFailed }),
        };
    if (end.reason === "failed") throw error;
  } finally {
    try {
      await endRecord(run, end, stop);
    } finally {
      await supervisor.shutdown();
    }
  }
  return { directory: run.path, end };
}

async function replayWith(
  options: ReplayRunOptions,
  { run, supervisor }: { readonly run: RunDirectory; readonly supervisor: Supervisor },
): Promise<SweepEnd> {
  const { experiment, stop, plan, recording, tell } = options;
  await using stack = await startRunStack({
    experiment,
    taskData: options.taskData,
    logDirectory: run.logDirectory,
    evidenceDirectory: join(run.path, "evidence"),
    environment: options.environment,
    supervisor,
    signal: stop.cancelled,
    tell,
  });
  await keepServerEvidence(stack, { directory: join(run.path, "evidence"), signal: stop.cancelled });
  await checkStack(options, { run, stack });
  await using thread = new LoadThread(options.environment);
  return await runBlocks({
    plan,
    conversations: recording.conversations,
    stack,
    run,
    thread,
    clock: systemClock,
    stop,
    limits: { callMs: experiment.limits.callSeconds * 1000, drainMs: experiment.limits.drainSeconds * 1000 },
    tell,
  });
}

/**
 * As before a sweep; what it asks of the engine is over before the first snapshot of a block.
 * @throws PreflightError when a check failed: the replay then ends before its first block.
 */
async function checkStack(
  { experiment, plan, skipPreflight, environment, stop, tell }: ReplayRunOptions,
  { run, stack }: { readonly run: RunDirectory; readonly stack: RunningStack },
): Promise<void> {
  const record = await preflight({
    // A replay keeps no bodies, whatever the recorded run did: they are in that run.
    experiment: { ...experiment, output: { ...experiment.output, bodies: false } },
    workload: {},
    stack,
    directory: run.path,
    output: { directory: run.path, episodes: conversationsSent(plan) },
    skipped: new Set([...leftOutChecks, ...skipPreflight]),
    environment,
    signal: stop.cancelled,
  });
  const asked = record.checks.filter(({ name }) => !leftOutChecks.includes(name));
  for (const line of preflightLines({ ...record, checks: asked })) tell(line);
  tell(`preflight: ${leftOutText}`);
  if (failuresOf(record).length > 0) throw new PreflightError(record);
}

/** Each arm has two turns in a block. */
function conversationsSent({ settings, arms, blocks, conversations }: ReplayPlan): number {
  return settings.length * blocks * 2 * arms.length * conversations;
}

/** A folder that cannot be written is found out before anything is started. */
async function newRun(outputDirectory: string, identity: RunJson): Promise<RunDirectory> {
  try {
    return await RunDirectory.create(outputDirectory, { identity, pid: process.pid });
  } catch (cause) {
    if (!(cause instanceof StorageError)) throw cause;
    throw new StartError("run directory", cause.message, { cause });
  }
}

async function replayRunJson(options: ReplayRunOptions): Promise<RunJson> {
  const { source, plan, experiment } = options;
  const { identity } = source;
  const createdAt = new Date();
  const suffix = randomBytes(3).toString("hex");
  return {
    v: 1,
    runId: runIdOf({ experiment: `${identity.experiment}-replay`, at: createdAt, suffix }),
    experiment: `${identity.experiment}-replay`,
    note: `replay of ${identity.runId}`,
    createdAt: createdAt.toISOString(),
    argv: [...options.argv],
    resolved: { ...options.recorded },
    hashes: { ...identity.hashes, experiment: experimentFingerprint(options) },
    versions: { ...identity.versions, node: process.versions.node },
    git: await gitFacts(import.meta.dirname),
    host: await hostFacts(),
    agent: { name: "replay", version: identity.runId },
    simulated: await simulatedEngines(experiment.stack, options.environment),
    workload: identity.workload,
    cells: plan.settings.flatMap((setting) =>
      plan.arms.map((arm) => {
        const load = parseLoad(setting.load);
        return {
          cellId: cellIdOf(setting, arm),
          arm: arm.arm,
          armKind: arm.kind,
          load: setting.load,
          concurrency: load.kind === "closed" ? load.users : null,
          repetition: 0,
          episodeIds: [],
        };
      }),
    ),
    replay: plan,
  };
}

/** The arms of a stack that serves a plan: each once, whatever it is called there. */
export function stackArms(known: readonly ArmSpec[], plan: ReplayPlan): readonly ArmSpec[] {
  const names = new Set(plan.arms.map(({ arm }) => arm));
  return known.filter(({ name }) => names.has(name));
}
