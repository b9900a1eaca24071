import { join } from "node:path";
import { StartError } from "../errors.ts";
import { runLabels } from "../docker/container-labels.ts";
import type { RunningContainer } from "../docker/container.ts";
import { prepareEngines, startEngine, type PreparedEngine } from "./docker/docker-engines.ts";
import type { DockerNode } from "./docker/docker-node.ts";
import type { EngineRole } from "./docker/engine-container.ts";
import { describeEngine, type Engine } from "./engine.ts";
import { processPart, type Own } from "./part.ts";
import { startSimulator } from "./simulated-engine.ts";
import type { StartStackOptions } from "./start-stack.ts";
import { ownerOfRun } from "../supervisor/run-environment.ts";

/** The agent's and the user's model server. */
export interface StartedEngines {
  readonly agent: Engine;
  readonly user: Engine;
  /** Starts one anew after it died, at the same address; null where the servers are not ours to start again. */
  readonly restart: ((role: EngineRole) => Promise<Engine>) | null;
}

export interface EngineStart {
  readonly own: Own;
  /** Only for a stack in Docker. */
  readonly node: DockerNode | null;
}

const roles = ["agent", "user"] as const;
const partOf = { agent: "engine", user: "user-engine" } as const;

/** Starts both servers (embedded, docker) or finds them (attach). */
export async function startEngines(options: StartStackOptions, start: EngineStart): Promise<StartedEngines> {
  const { stack } = options.experiment;
  if (stack.kind === "attach") {
    const [agent, user] = await both((role) => {
      const { url, model, apiKeyEnv, metricsUrl } = stack[role];
      const apiKey = (apiKeyEnv && options.environment[apiKeyEnv]) || "none";
      return describeEngine({ role, url, model, apiKey, metricsUrl }, options.signal);
    });
    return { agent, user, restart: null };
  }
  if (stack.kind === "docker") return startContainers(options, start);
  const [agent, user] = await both(async (role) => {
    const process = await startSimulator(role, { ...options, spec: stack[role], model: stack.model });
    start.own({ part: partOf[role], arm: null, running: processPart(process) });
    const address = {
      role,
      url: process.ready.url,
      model: stack.model,
      apiKey: "none",
      metricsUrl: undefined,
    };
    return describeEngine(address, options.signal);
  });
  return { agent, user, restart: null };
}

async function startContainers(
  options: StartStackOptions,
  { own, node }: EngineStart,
): Promise<StartedEngines> {
  const { stack } = options.experiment;
  if (stack.kind !== "docker" || node === null) throw new Error("a docker stack needs a node");
  const run = ownerOfRun(options.childEnvironment);
  const prepared = await prepareEngines(node, stack, {
    name: (role) => `tollgate-${run.runId}-${role}`,
    labels: (role) => runLabels(run, role),
  });
  const containers = new Map<EngineRole, RunningContainer>();
  // The one that fails ends the other one's wait, which may last half an hour.
  const together = new AbortController();
  const launch = (engine: PreparedEngine, signal: AbortSignal) =>
    startEngine(node, engine, {
      logFile: join(options.logDirectory, `${engine.plan.role}-engine.log`),
      evidenceDirectory: join(options.evidenceDirectory, "servers"),
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
      return await launch(preparedFor(role), AbortSignal.any([options.signal, together.signal]));
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
    return launch(engine, options.signal);
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
