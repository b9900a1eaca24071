import { join } from "node:path";
import type { DockerStackSpec } from "../../config/docker-schema.ts";
import type { Experiment } from "../../config/experiment.ts";
import { runLabels } from "../../docker/container-labels.ts";
import type { RunningContainer } from "../../docker/container.ts";
import { StartError } from "../../errors.ts";
import { ownerOfRun } from "../../supervisor/run-environment.ts";
import type { TaskData } from "../../workload/workload.ts";
import { prepareEngines, startEngine, type PreparedEngine } from "../docker/docker-engines.ts";
import type { DockerNode } from "../docker/docker-node.ts";
import type { EngineRole } from "../docker/engine-container.ts";
import { describeEngine, type Engine } from "../engine.ts";
import type { ChildContext } from "../own-program.ts";
import { processPart, type Own } from "../part.ts";
import { startSimulator } from "../simulated-engine.ts";

/** The agent's and the user's model server. */
export interface StartedEngines {
  readonly agent: Engine;
  readonly user: Engine;
  /** Starts one anew after it died, at the same address; null where the servers are not ours to start again. */
  readonly restart: ((role: EngineRole) => Promise<Engine>) | null;
}

/** What starting the engines takes. */
export interface EnginesContext extends ChildContext {
  readonly stack: Experiment["stack"];
  readonly taskData: TaskData;
  /** Holds keys of attached servers. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly evidenceDirectory: string;
  /** Only for a stack in Docker. */
  readonly node: DockerNode | null;
  readonly own: Own;
}

const roles = ["agent", "user"] as const;
const partOf = { agent: "engine", user: "user-engine" } as const;

/** Starts both servers (embedded, docker) or finds them (attach). */
export async function startEngines(context: EnginesContext): Promise<StartedEngines> {
  const { stack } = context;
  if (stack.kind === "attach") {
    const [agent, user] = await both((role) => {
      const { url, model, apiKeyEnv, metricsUrl } = stack[role];
      const apiKey = (apiKeyEnv && context.environment[apiKeyEnv]) || "none";
      return describeEngine({ role, url, model, apiKey, metricsUrl }, context.signal);
    });
    return { agent, user, restart: null };
  }
  if (stack.kind === "docker") return startContainers(context, stack);
  const [agent, user] = await both(async (role) => {
    const { taskData } = context;
    const engine = { role, spec: stack[role], model: stack.model, taskData };
    const process = await startSimulator(engine, context);
    context.own({ part: partOf[role], arm: null, running: processPart(process) });
    const address = {
      role,
      url: process.ready.url,
      model: stack.model,
      apiKey: "none",
      metricsUrl: undefined,
    };
    return describeEngine(address, context.signal);
  });
  return { agent, user, restart: null };
}

async function startContainers(context: EnginesContext, stack: DockerStackSpec): Promise<StartedEngines> {
  const { node, own } = context;
  if (node === null) throw new Error("a docker stack needs a node");
  const run = ownerOfRun(context.childEnvironment);
  const prepared = await prepareEngines(node, stack, {
    name: (role) => `tollgate-${run.runId}-${role}`,
    labels: (role) => runLabels(run, role),
  });
  const containers = new Map<EngineRole, RunningContainer>();
  // The one that fails ends the other one's wait, which may last half an hour.
  const together = new AbortController();
  const launch = (engine: PreparedEngine, signal: AbortSignal) =>
    startEngine(node, engine, {
      logFile: join(context.logDirectory, `${engine.plan.role}-engine.log`),
      evidenceDirectory: join(context.evidenceDirectory, "servers"),
      own: (running) => {
        containers.set(engine.plan.role, running);
        own({ part: partOf[engine.plan.role], arm: null, running });
      },
      signal,
    });
  const preparedFor = (role: EngineRole) => {
    const engine = prepared.find(({ plan }) => plan.role === role);
    if (engine === undefined) throw new Error(`no ${role} engine was prepared`);
    return engine;
  };
  const [agent, user] = await both(async (role) => {
    try {
      return await launch(preparedFor(role), AbortSignal.any([context.signal, together.signal]));
    } catch (error) {
      together.abort(error);
      throw error;
    }
  });
  const restart = async (role: EngineRole) => {
    const engine = preparedFor(role);
    if (engine.adopt !== null) {
      throw new StartError(
        `${role} engine`,
        `The ${role} engine was warm and is not this run's to start again. \`tollgate down\` and \`tollgate up\` start it, then --resume goes on.`,
      );
    }
    await containers.get(role)?.remove();
    return launch(engine, context.signal);
  };
  return { agent, user, restart };
}

/** Both at once; both are waited for, because one that comes up while the other fails has to be stopped with the rest. */
async function both<Value>(start: (role: EngineRole) => Promise<Value>): Promise<readonly [Value, Value]> {
  const [agent, user] = await Promise.allSettled([start(roles[0]), start(roles[1])]);
  const failed = [agent, user].filter((result) => result.status === "rejected");
  const first = failed.find(({ reason }) => !isAbort(reason)) ?? failed[0];
  if (first !== undefined) throw first.reason;
  if (agent.status === "rejected") throw agent.reason;
  if (user.status === "rejected") throw user.reason;
  return [agent.value, user.value];
}

/** The one that was told to stop waiting says less than the one that failed. */
function isAbort(reason: unknown): boolean {
  return reason instanceof Error && reason.name === "AbortError";
}
