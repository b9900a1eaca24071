import { join } from "node:path";
import type { ProcessRoleSpec, ProcessStackSpec } from "../../config/process-schema.ts";
import { StartError } from "../../errors.ts";
import { freePorts } from "../../host/free-port.ts";
import { readGpus } from "../../host/gpus.ts";
import type { TaskData } from "../../workload/workload.ts";
import { keepEngineEvidence } from "../evidence/engine-evidence.ts";
import { describeEngine, type Engine } from "../engine.ts";
import { processPart } from "../part.ts";
import { startSimulator } from "../simulated-engine.ts";
import { processProblems } from "./process-plan.ts";
import { startProcessEngine, type PlacedEngine, type ProcessEngineContext } from "./process-engine.ts";

export type ProcessRole = "agent" | "user";

export interface ProcessEnginesContext extends ProcessEngineContext {
  readonly taskData: TaskData;
  /** Of parts that have no time limit of their own. */
  readonly startSeconds: number;
}

/** Starts the servers of a `process` stack, and starts one again at the same address. */
export interface ProcessEngines {
  start(role: ProcessRole, signal: AbortSignal): Promise<Engine>;
  restart(role: ProcessRole): Promise<Engine>;
}

/**
 * Checks what can be refused before a server is started, and takes the ports.
 * @throws {StartError} with every problem
 */
export async function prepareProcessEngines(
  stack: ProcessStackSpec,
  context: ProcessEnginesContext,
): Promise<ProcessEngines> {
  const gpus = await readGpus(context.environment);
  const problems = processProblems(stack, gpus);
  if (problems.length > 0) throw new StartError("stack", problems.join("\n"));
  for (const line of unplaced(stack, gpus?.length ?? 0)) context.tell(line);
  const placed = await placedEngines(stack);
  const start = async (role: ProcessRole, signal: AbortSignal): Promise<Engine> => {
    const spec = stack[role];
    const engine = placed.find((one) => one.role === role);
    if (engine !== undefined) return startProcessEngine(engine, { ...context, signal });
    if (spec.kind !== "simulator") throw new Error(`no ${role} engine was placed`);
    return startSimulated(role, spec, { ...context, signal });
  };
  const restart = (role: ProcessRole): Promise<Engine> => {
    if (stack[role].kind !== "simulator") return start(role, context.signal);
    throw new StartError(
      `${role} engine`,
      `The ${role} engine is a simulator, which is not started again. --resume goes on.`,
    );
  };
  return { start, restart };
}

async function placedEngines(stack: ProcessStackSpec): Promise<readonly PlacedEngine[]> {
  const [agentPort = 0, agentMetrics = 0, userPort = 0, userMetrics = 0] = await freePorts(4);
  const free = { agent: [agentPort, agentMetrics], user: [userPort, userMetrics] } as const;
  return (["agent", "user"] as const).flatMap((role) => {
    const spec = stack[role];
    if (spec.kind === "simulator") return [];
    const [port, metricsPort] = free[role];
    return [{ role, spec, port: spec.port ?? port, metricsPort }];
  });
}

async function startSimulated(
  role: ProcessRole,
  spec: Extract<ProcessRoleSpec, { readonly kind: "simulator" }>,
  context: ProcessEnginesContext,
): Promise<Engine> {
  const { taskData, signal } = context;
  const { model } = spec;
  const process = await startSimulator({ role, spec, model, taskData }, context);
  const part = role === "agent" ? "engine" : "user-engine";
  context.own({ part, arm: null, running: processPart(process) });
  const engine = await describeEngine({ role, url: process.ready.url, model, apiKey: "none" }, signal);
  const directory = join(context.evidenceDirectory, "servers");
  await keepEngineEvidence(engine, { directory, signal, variant: context.variant });
  return engine;
}

/** A server that is told of no GPU takes all it finds, so that two of them meet. */
function unplaced(stack: ProcessStackSpec, present: number): readonly string[] {
  if (present === 0) return [];
  return (["agent", "user"] as const).flatMap((role) => {
    const spec = stack[role];
    if (spec.kind === "simulator" || spec.gpus !== undefined) return [];
    return [
      `stack.${role} names no gpus: its server sees all ${present} of this machine. Set stack.${role}.gpus ([] for none).`,
    ];
  });
}
