import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../measure/clock.ts";
import { episodeCheck } from "../preflight/checks/episode.ts";
import { preflight, type PreflightOptions } from "../preflight/preflight.ts";
import { failuresOf } from "../preflight/run-checks.ts";
import type { RunningStack } from "../stack/stack.ts";
import type { PreflightRecord } from "../store/preflight-record.ts";
import { checkKeys } from "../stack/keys.ts";
import type { Work } from "../workload/work.ts";
import { checkFirstEpisodes, firstEpisodes, leaveOutEpisodes } from "./first-episodes.ts";
import type { PlannedCellRun } from "./remaining-work.ts";
import { shutDown, startedStack, supervise, type RunSetting, type Supervised } from "./run-life.ts";
import { warmUp } from "./warm-up.ts";

export interface PreflightEnd {
  readonly record: PreflightRecord;
  /** Logs and evidence; null when nothing failed, because then they are removed. */
  readonly directory: string | null;
}

interface Asked extends Pick<PreflightOptions, "longestPrompt" | "usesTools" | "output"> {
  /** What a sweep would play, and with what. */
  readonly work: {
    readonly workload: Work;
    readonly cells: readonly PlannedCellRun[];
    readonly cacheDirectory: string;
  };
}

/** A run without a run directory: starts or finds the stack as a sweep would, runs every check, and ends what it started. */
export async function executePreflight(
  setting: RunSetting,
  { longestPrompt, usesTools, output, work }: Asked,
): Promise<PreflightEnd> {
  const { experiment, variant, environment, stop } = setting;
  checkKeys(experiment, environment);
  const directory = await mkdtemp(join(tmpdir(), "tollgate-preflight-"));
  const logDirectory = join(directory, "logs");
  await mkdir(logDirectory);
  const runId = `preflight-${randomBytes(4).toString("hex")}`;
  const supervised = await supervise(runId, { experiment, environment, logDirectory });
  let keep = true;
  try {
    const place = { directory, logDirectory, signal: stop.cancelled };
    await using stack = await startedStack(supervised, setting, place);
    const record = await preflight({
      experiment,
      variant,
      longestPrompt,
      usesTools,
      stack,
      directory,
      output,
      skipped: setting.skipPreflight,
      environment,
      signal: stop.cancelled,
    });
    const whole =
      failuresOf(record).length > 0
        ? record
        : await withEpisodes(setting, { stack, supervised, directory, runId, work });
    keep = failuresOf(whole).length > 0;
    return { record: whole, directory: keep ? directory : null };
  } finally {
    await shutDown(supervised, setting.tell);
    if (!keep) await rm(directory, { recursive: true });
  }
}

/** The last check needs the agent, which is started only where the servers are as they should be. */
async function withEpisodes(
  setting: RunSetting,
  given: Pick<Asked, "work"> & {
    readonly stack: RunningStack;
    readonly supervised: Supervised;
    readonly directory: string;
    readonly runId: string;
  },
): Promise<PreflightRecord> {
  const { experiment, stop, tell } = setting;
  const { stack, supervised, directory, runId, work } = given;
  if (setting.skipPreflight.has(episodeCheck.name)) return leaveOutEpisodes(directory);
  const common = { stack, clock: systemClock, directory, signal: stop.asked, tell };
  const limits = { callMs: experiment.limits.callSeconds * 1000 };
  await using prepared = await work.workload.prepare(experiment, {
    runId,
    logDirectory: join(directory, "logs"),
    ...supervised,
    environment: setting.environment,
    cacheDirectory: work.cacheDirectory,
    concurrencyMax: 1,
    model: stack.agentEngine.model,
    engine: stack.agentEngine,
    signal: stop.cancelled,
    progress: tell,
  });
  await warmUp({ prepared, stack, stop, clock: systemClock, tell });
  return await checkFirstEpisodes({
    ...common,
    prepared,
    limits,
    failuresMax: 0,
    first: firstEpisodes(work.cells),
  });
}
