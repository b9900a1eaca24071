import type { SimulatorSpec } from "../config/simulator-schema.ts";
import type { ManagedProcess } from "../supervisor/managed-process.ts";
import type { TaskData } from "../workload/workload.ts";
import { startOwnProgram, tollgateEntry, type ChildContext, type ReadyLine } from "./own-program.ts";

export interface SimulatedEngine {
  readonly role: "agent" | "user";
  readonly spec: SimulatorSpec;
  readonly model: string;
  readonly taskData: TaskData;
}

/** Starts `tollgate simulate`. */
export function startSimulator(
  engine: SimulatedEngine,
  context: ChildContext,
): Promise<ManagedProcess<ReadyLine>> {
  const { role } = engine;
  const args = [tollgateEntry, "simulate", ...simulatorArguments(engine)];
  return startOwnProgram({ name: `simulated ${role} engine`, args, log: `${role}-engine` }, context);
}

function simulatorArguments({ role, spec, model, taskData }: SimulatedEngine): string[] {
  const valued: readonly (readonly [flag: string, value: string | number])[] = [
    ["role", role],
    ["port", 0],
    ["model", model],
    ...taskData.simulator,
    ["sglang", spec.sglang],
    ["error-rate", spec.errorRate],
    ["seed", spec.seed],
    ["max-running-requests", spec.maxRunningRequests],
    ["context-length", spec.contextLength],
    ["prefill-tokens-per-second", spec.prefillTokensPerSecond],
    ["decode-step-ms", spec.decodeStepMs],
    ["decode-step-ms-per-request", spec.decodeStepMsPerRequest],
    ["prefill-step-ms", spec.prefillStepMs],
    ["host-step-ms", spec.hostStepMs],
    ["host-step-ms-per-request", spec.hostStepMsPerRequest],
    // After those of the workload: the last one counts.
    ...(spec.correct === undefined ? [] : [["correct", spec.correct] as const]),
    ...(spec.truncatePrompt === undefined ? [] : [["truncate-prompt", spec.truncatePrompt] as const]),
  ];
  return [
    ...valued.flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    ...(spec.radixCache ? [] : ["--no-radix-cache"]),
    ...spec.faults.flatMap((fault) => ["--fault", fault]),
    ...spec.drop.flatMap((drop) => ["--drop", drop]),
  ];
}
