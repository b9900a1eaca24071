import { join } from "node:path";
import { z } from "zod";
import type { Experiment } from "../config/experiment.ts";
import type { SimulatorSpec } from "../config/stack-schema.ts";
import type { TaskData } from "../workload/workload.ts";
import { spawnManaged, type ManagedProcess } from "../supervisor/managed-process.ts";

/** The line a server of ours prints when it serves. */
export const readyLineSchema = z.object({ url: z.url(), pid: z.number() });
export type ReadyLine = z.infer<typeof readyLineSchema>;

export interface SimulatorProcessOptions {
  readonly spec: SimulatorSpec;
  readonly model: string;
  readonly experiment: Experiment;
  readonly taskData: TaskData;
  readonly logDirectory: string;
  readonly childEnvironment: Readonly<Record<string, string>>;
  readonly keeper: { watch(pid: number): void; unwatch(pid: number): void };
  readonly signal: AbortSignal;
}

/** The shipped command, as a user would start it: `tollgate simulate`. */
export const tollgateEntry = new URL("../main.ts", import.meta.url).pathname;

export function startSimulator(
  role: "agent" | "user",
  options: SimulatorProcessOptions,
): Promise<ManagedProcess<ReadyLine>> {
  return spawnManaged(process.execPath, {
    name: `simulated ${role} engine`,
    args: [tollgateEntry, "simulate", ...simulatorArguments(role, options)],
    environment: options.childEnvironment,
    logFile: join(options.logDirectory, `${role}-engine.log`),
    readySchema: readyLineSchema,
    startTimeoutMs: options.experiment.limits.startSeconds * 1000,
    keeper: options.keeper,
    signal: options.signal,
  });
}

/** The command line of one simulated engine; `tollgate plan` prints it as well. */
export function simulatorArguments(
  role: "agent" | "user",
  { spec, model, taskData }: Pick<SimulatorProcessOptions, "spec" | "model" | "taskData">,
): string[] {
  const valued: readonly (readonly [flag: string, value: string | number])[] = [
    ["role", role],
    ["port", 0],
    ["model", model],
    ["data", taskData.dataDirectory],
    ["domain", taskData.domain],
    ["schemas", taskData.schemasDirectory],
    ["error-rate", spec.errorRate],
    ["seed", spec.seed],
    ["max-running-requests", spec.maxRunningRequests],
    ["context-length", spec.contextLength],
    ["prefill-tokens-per-second", spec.prefillTokensPerSecond],
    ["decode-step-ms", spec.decodeStepMs],
    ["decode-step-ms-per-request", spec.decodeStepMsPerRequest],
  ];
  return [
    ...valued.flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    ...(spec.radixCache ? [] : ["--no-radix-cache"]),
    ...spec.faults.flatMap((fault) => ["--fault", fault]),
    ...spec.drop.flatMap((drop) => ["--drop", drop]),
  ];
}
