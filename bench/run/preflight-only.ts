import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { failuresOf } from "../preflight/run-checks.ts";
import { usesDocker } from "../stack/docker/docker-node.ts";
import { startSupervisor } from "../supervisor/supervisor.ts";
import type { PreflightRecord } from "../store/preflight-record.ts";
import { exists } from "../store/read-run.ts";
import type { Work } from "../workload/work.ts";
import { preflight } from "./preflight.ts";
import { planRun } from "./run-plan.ts";
import { startRunStack } from "./run-stack.ts";
import type { StopRequest } from "./stop-request.ts";

export interface PreflightOnlyOptions {
  readonly loaded: LoadedExperiment;
  readonly workload: Work;
  readonly outputDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly skipped: ReadonlySet<string>;
  readonly stop: StopRequest;
  readonly tell: (line: string) => void;
}

export interface PreflightOnlyEnd {
  readonly record: PreflightRecord;
  /** Logs and evidence; null when nothing failed, because then they are removed. */
  readonly directory: string | null;
}

/** Starts or finds the stack as a sweep would, runs every check, and ends what it started. */
export async function preflightOnly(options: PreflightOnlyOptions): Promise<PreflightOnlyEnd> {
  const { experiment } = options.loaded;
  const workload = await options.workload.plan(experiment, options.environment);
  const directory = await mkdtemp(join(tmpdir(), "tollgate-preflight-"));
  const logDirectory = join(directory, "logs");
  await mkdir(logDirectory);
  const supervisor = startSupervisor({
    runId: `preflight-${randomBytes(4).toString("hex")}`,
    supervisorId: randomUUID(),
    scratchDirectory: await mkdtemp(join(tmpdir(), "tg-")),
    logFile: join(logDirectory, "supervisor.log"),
    ...(usesDocker(experiment) ? { docker: options.environment } : {}),
  });
  let keep = true;
  try {
    await using stack = await startRunStack({
      experiment,
      taskData: workload.taskData,
      logDirectory,
      evidenceDirectory: join(directory, "evidence"),
      environment: options.environment,
      supervisor,
      signal: options.stop.cancelled,
      tell: options.tell,
    });
    const record = await preflight({
      experiment,
      workload,
      stack,
      directory,
      output: {
        directory: await existing(options.outputDirectory),
        episodes: planRun(options.loaded, workload).episodeCount,
      },
      skipped: options.skipped,
      environment: options.environment,
      signal: options.stop.cancelled,
    });
    keep = failuresOf(record).length > 0;
    return { record, directory: keep ? directory : null };
  } finally {
    await supervisor.shutdown();
    if (!keep) await rm(directory, { recursive: true });
  }
}

/** The folder that will hold the runs, or what of it is there already: both are on one file system. */
async function existing(directory: string): Promise<string> {
  for (let path = resolve(directory); ; path = resolve(path, "..")) {
    if (await exists(path)) return path;
  }
}
