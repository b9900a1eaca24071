import { join } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import { startTap } from "../tap/client.ts";
import type { TaskData } from "../workload/workload.ts";
import { startArm } from "./arms/start-arm.ts";
import { DeathWatch } from "./death-watch.ts";
import { DockerNode } from "./docker/docker-node.ts";
import type { OwnedPart } from "./part.ts";
import type { RunningArm, RunningStack, StackDeath } from "./stack.ts";
import { startEngines } from "./start-engines.ts";

export interface StartStackOptions {
  readonly experiment: Experiment;
  /** Where the simulated engines find tasks and tool schemas. */
  readonly taskData: TaskData;
  readonly logDirectory: string;
  /** Gets `servers/`: what the servers say about themselves. */
  readonly evidenceDirectory: string;
  /** For every child process; carries TOLLGATE_RUN. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** For keys of attached servers, and for Docker's own settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly keeper: { watch(pid: number): void; unwatch(pid: number): void };
  /** Secret of the gateways' admin interface, made for this run. */
  readonly adminKey: string;
  /** Ends the waiting for a part that starts; parts that run are not touched by it. */
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/**
 * Starts engines (embedded, docker) or finds them (attach), then the tap, then the arms' gateways.
 * @throws {StartError} naming the part that did not start; what had been started is stopped again.
 */
export async function startStack(options: StartStackOptions): Promise<RunningStack> {
  const stoppable = new AsyncDisposableStack();
  const deaths = new DeathWatch();
  const own = (owned: OwnedPart) => {
    stoppable.use(owned.running);
    deaths.watch(owned);
  };
  try {
    const node =
      options.experiment.stack.kind === "docker"
        ? await DockerNode.connect({
            ...options,
            environment: { ...options.environment, ...options.childEnvironment },
          })
        : null;
    const started = await startEngines(options, { own, node });
    const engines = { agent: started.agent, user: started.user };
    const tap = stoppable.use(
      await startTap({
        logFile: join(options.logDirectory, "tap.log"),
        environment: options.childEnvironment,
        keeper: options.keeper,
        signal: options.signal,
      }),
    );
    deaths.watchTap(tap);
    const arms: RunningArm[] = [];
    for (const spec of options.experiment.arms)
      arms.push(await startArm(spec, { options, tap, agentEngine: engines.agent, own }));
    const userBaseUrl = `${await tap.listen({ name: "user", hop: "user", arm: "user", upstream: engines.user.url })}/v1`;
    const { restart } = started;
    const revive = async (death: StackDeath) => {
      const role = death.part === "engine" ? "agent" : "user";
      if (restart !== null) engines[role] = await restart(role);
      deaths.forget(death);
    };
    return {
      kind: options.experiment.stack.kind,
      simulated: engines.agent.simulated || engines.user.simulated,
      get agentEngine() {
        return engines.agent;
      },
      get userEngine() {
        return engines.user;
      },
      arms,
      userBaseUrl,
      tap,
      death: (arm) => deaths.of(null) ?? deaths.of(arm),
      revive: restart === null ? null : revive,
      [Symbol.asyncDispose]: async () => {
        deaths.stopWatching();
        await stoppable.disposeAsync();
      },
    };
  } catch (error) {
    deaths.stopWatching();
    await stoppable.disposeAsync();
    throw error;
  }
}
