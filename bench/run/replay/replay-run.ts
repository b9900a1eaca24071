import type { ArmSpec } from "../../config/arm-schema.ts";
import type { Experiment } from "../../config/experiment.ts";
import type { SectionIdentities } from "../../config/section.ts";
import { LoadThread } from "../../load/load-thread.ts";
import { parseLoad } from "../../load/schedule.ts";
import { systemClock } from "../../measure/clock.ts";
import { experimentFingerprint } from "../../plan/identity.ts";
import { cellIdOf } from "../../store/leg-name.ts";
import type { StoredRun } from "../../store/read-run.ts";
import type { ReplayPlan } from "../../store/replay-plan.ts";
import type { RunJson } from "../../store/run-json.ts";
import { newRun, startFacts, type RunStart } from "../open-run.ts";
import { liveRun, onCheckedStack, type Questions, type RunEnd, type RunSetting } from "../run-life.ts";
import { leftOutChecks, leftOutText } from "../../store/left-out-checks.ts";
import type { Conversation } from "../../evidence/recording.ts";
import type { ReplayParts } from "./leg.ts";
import { runBlocks } from "./run-blocks.ts";

export interface ReplayOptions<Report> extends Pick<ReplayParts, "watcher" | "deadlineNs"> {
  readonly source: ReplaySource;
  readonly conversations: readonly Conversation[];
  readonly plan: ReplayPlan;
  /** The setting's experiment for `run.json` and for ids, see `LoadedExperiment`. */
  readonly recorded: Experiment;
  readonly written: Experiment;
  readonly identities: SectionIdentities;
  readonly outputDirectory: string;
  readonly argv: readonly string[];
  /** Called with the run directory as soon as it exists. */
  readonly opened: (directory: string) => void;
  /** Writes `report/` at the end, also after an interruption. */
  readonly report: (directory: string) => Promise<Report>;
}

/** What `run.json` says of a replay because of where its requests come from. */
export interface ReplaySource extends Pick<
  RunJson,
  "experiment" | "note" | "hashes" | "versions" | "agent" | "workload"
> {
  /** Preflight checks that cannot be made, and why. */
  readonly leftOut: Questions["leftOut"];
  /** Whether the requests offer tools. */
  readonly usesTools: boolean;
}

/** A recorded run as the source of a replay. */
export function recordedSource(
  { identity }: Pick<StoredRun, "identity">,
  { usesTools }: Pick<ReplaySource, "usesTools">,
): ReplaySource {
  return {
    experiment: `${identity.experiment}-replay`,
    note: `replay of ${identity.runId}`,
    hashes: identity.hashes,
    versions: identity.versions,
    agent: { name: "replay", version: identity.runId },
    workload: identity.workload,
    leftOut: { names: leftOutChecks, why: leftOutText },
    usesTools,
  };
}

/**
 * A whole replay, with the life of any run. Its setting's experiment is the recorded run's, with the arms that the plan
 * names and no others.
 */
export async function executeReplay<Report>(
  setting: RunSetting,
  options: ReplayOptions<Report>,
): Promise<RunEnd<Report>> {
  const { experiment, stop, tell, environment } = setting;
  const { source, plan, conversations } = options;
  const start = await startFacts(source.experiment, {
    ...setting,
    argv: options.argv,
  });
  const identity = replayRunJson(start, options);
  const run = await newRun(options.outputDirectory, identity);
  options.opened(run.path);
  const opened = { run, plannedEpisodes: 0, plannedCells: identity.cells.length, resumed: false };
  const questions = {
    // A replay keeps no bodies for longer than a leg, whatever the recorded run did: they are in that run.
    experiment: { ...experiment, output: { ...experiment.output, bodies: false } },
    longestPrompt: undefined,
    usesTools: source.usesTools,
    episodes: conversationsSent(plan),
    leftOut: source.leftOut,
  };
  return liveRun(opened, setting, {
    measure: (live) =>
      onCheckedStack(live, setting, {
        questions,
        measure: async (stack) => {
          await using thread = new LoadThread(environment);
          const { callSeconds, drainSeconds, failures } = experiment.limits;
          return await runBlocks({
            plan,
            conversations,
            stack,
            run,
            thread,
            clock: systemClock,
            stop,
            compareBodies: experiment.output.bodies,
            limits: { callMs: callSeconds * 1000, drainMs: drainSeconds * 1000, failures },
            tell,
            ...(options.watcher && { watcher: options.watcher }),
            ...(options.deadlineNs !== undefined && { deadlineNs: options.deadlineNs }),
          });
        },
      }),
    report: options.report,
  });
}

/** Each arm has two turns in a block. */
function conversationsSent({ settings, arms, blocks, conversations }: ReplayPlan): number {
  return settings.length * blocks * 2 * arms.length * conversations;
}

/** `run.json` of a replay: what its source says, with the experiment and the cells of the replay. */
function replayRunJson(start: RunStart, options: ReplayOptions<unknown>): RunJson {
  const { plan, source } = options;
  return {
    v: 1,
    runId: start.runId,
    experiment: source.experiment,
    note: source.note,
    createdAt: start.createdAt,
    argv: start.argv,
    resolved: { ...options.recorded },
    hashes: { ...source.hashes, experiment: experimentFingerprint(options) },
    versions: { ...source.versions, node: process.versions.node },
    git: start.git,
    host: start.host,
    agent: source.agent,
    simulated: start.simulated,
    workload: source.workload,
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
