import { join } from "node:path";
import type { DockerStackSpec } from "../../config/docker-schema.ts";
import type { Experiment } from "../../config/experiment.ts";
import { runLabels } from "../../docker/container-labels.ts";
import type { RunningContainer } from "../../docker/container.ts";
import { StartError } from "../../errors.ts";
import { ownerOfRun } from "../../host/run-environment.ts";
import type { TaskData } from "../../workload/workload.ts";
import { prepareEngines, startEngine } from "../docker/docker-engines.ts";
import type { DockerNode } from "../docker/docker-node.ts";
import type { EngineRole } from "../docker/engine-container.ts";
import { describeEngine, type Engine } from "../engine.ts";
import type { ChildContext } from "../own-program.ts";
import { engineKey } from "../keys.ts";
import { processPart, type Own } from "../part.ts";
import { startSimulator } from "../simulated-engine.ts";
import { prepareProcessEngines } from "../process/process-engines.ts";
import { startTogether } from "../start-together.ts";

/** The agent's and the user's model server. */
export interface StartedEngines {
  readonly agent: Engine;
  /** null where the work needs none. */
  readonly user: Engine | null;
  /** Starts one anew after it died, at the same address; null where the servers are not ours to start again. */
  readonly restart: ((role: EngineRole) => Promise<Engine>) | null;
}

/** What starting the engines takes. */
export interface EnginesContext extends ChildContext {
  readonly stack: Experiment["stack"];
  readonly taskData: TaskData;
  /** The one of `sweep.variants` that the stack is. */
  readonly variant?: string | undefined;
  /** Holds keys of attached servers. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly evidenceDirectory: string;
  /** Only for a stack in Docker. */
  readonly node: DockerNode | null;
  readonly own: Own;
  readonly tell: (line: string) => void;
}

const partOf = { agent: "engine", user: "user-engine" } as const;

type StartRole = (role: EngineRole, signal: AbortSignal) => Promise<Engine>;

/** Starts both servers (embedded, docker, process) or finds them (attach). */
export async function startEngines(context: EnginesContext): Promise<StartedEngines> {
  const { start, restart } = await starters(context);
  const agent = (signal: AbortSignal) => start("agent", signal);
  const user = (signal: AbortSignal) => start("user", signal);
  if (!context.taskData.needsUserEngine) {
    return { ...(await startTogether({ agent }, context.signal)), user: null, restart };
  }
  return { ...(await startTogether({ agent, user }, context.signal)), restart };
}

/** How the stack's kind starts one server, and how it starts one that died. */
function starters(
  context: EnginesContext,
): Promise<{ readonly start: StartRole; readonly restart: StartedEngines["restart"] }> {
  const { stack } = context;
  if (stack.kind === "docker") return containerStarters(context, stack);
  if (stack.kind === "process") return prepareProcessEngines(stack, context);
  const start: StartRole =
    stack.kind === "attach"
      ? (role, signal) => {
          const apiKey = engineKey(role, stack[role], context.environment);
          return describeEngine({ role, ...stack[role], apiKey }, signal);
        }
      : async (role, signal) => {
          const { model } = stack;
          const engine = { role, spec: stack[role], model, taskData: context.taskData };
          const process = await startSimulator(engine, { ...context, signal });
          context.own({ part: partOf[role], arm: null, running: processPart(process) });
          return describeEngine({ role, url: process.ready.url, model, apiKey: "none" }, signal);
        };
  return Promise.resolve({ start, restart: null });
}

async function containerStarters(context: EnginesContext, stack: DockerStackSpec) {
  const { node } = context;
  if (node === null) throw new Error("a docker stack needs a node");
  const run = ownerOfRun(context.childEnvironment);
  const prepared = await prepareEngines(node, stack, {
    name: (role) => `tollgate-${run.runId}-${role}`,
    labels: (role) => runLabels(run, role),
    roles: context.taskData.needsUserEngine ? ["agent", "user"] : ["agent"],
  });
  const containers = new Map<EngineRole, RunningContainer>();
  const preparedFor = (role: EngineRole) => {
    const engine = prepared.find(({ plan }) => plan.role === role);
    if (engine === undefined) throw new Error(`no ${role} engine was prepared`);
    return engine;
  };
  const start: StartRole = (role, signal) =>
    startEngine(node, preparedFor(role), {
      logFile: join(context.logDirectory, `${role}-engine.log`),
      evidenceDirectory: join(context.evidenceDirectory, "servers"),
      variant: context.variant,
      own: (running) => {
        containers.set(role, running);
        context.own({ part: partOf[role], arm: null, running });
      },
      signal,
    });
  const restart = async (role: EngineRole) => {
    if (preparedFor(role).adopt !== null) {
      throw new StartError(
        `${role} engine`,
        `The ${role} engine was warm and is not this run's to start again. \`tollgate down\` and \`tollgate up\` start it, then --resume goes on.`,
      );
    }
    await containers.get(role)?.remove();
    return start(role, context.signal);
  };
  return { start, restart };
}
