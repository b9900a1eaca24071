import { randomBytes } from "node:crypto";
import type { Experiment } from "../config/experiment.ts";
import { programEnvironment } from "../host/program-environment.ts";
import type { RunningStack } from "../stack/stack.ts";
import { startStack } from "../stack/start/start-stack.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { TaskData } from "../workload/workload.ts";

export interface RunStackOptions {
  readonly experiment: Experiment;
  readonly taskData: TaskData;
  readonly logDirectory: string;
  /** Gets `servers/`: what the servers say about themselves. */
  readonly evidenceDirectory: string;
  /** The caller's whole environment: keys of attached servers are in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/** The stack of an experiment, as a sweep and a preflight start it, with an admin key made for this occasion. */
export function startRunStack(options: RunStackOptions): Promise<RunningStack> {
  const { experiment, taskData, logDirectory, evidenceDirectory, environment, supervisor, signal, tell } =
    options;
  return startStack({
    experiment,
    taskData,
    logDirectory,
    evidenceDirectory,
    childEnvironment: childEnvironmentOf(environment, supervisor),
    environment,
    keeper: supervisor,
    adminKey: randomBytes(24).toString("base64url"),
    signal,
    tell,
  });
}

/** Children get what a program needs to run, not the user's keys. */
export function childEnvironmentOf(
  environment: RunStackOptions["environment"],
  supervisor: Supervisor,
): Record<string, string> {
  return { ...programEnvironment(environment), ...supervisor.environment };
}
