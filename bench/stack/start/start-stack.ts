import { join } from "node:path";
import type { Experiment } from "../../config/experiment.ts";
import { startTap, type TapClient } from "../../tap/client.ts";
import type { TaskData } from "../../workload/workload.ts";
import { startArms } from "./start-arm.ts";
import { DeathWatch } from "./death-watch.ts";
import { DockerNode } from "../docker/docker-node.ts";
import { armPort } from "../docker/ports.ts";
import type { ChildContext } from "../own-program.ts";
import type { OwnedPart } from "../part.ts";
import type { Engine } from "../engine.ts";
import type { RunningStack, StackDeath } from "../stack.ts";
import { keepServerEvidence } from "./server-evidence.ts";
import { startEngines } from "./start-engines.ts";
import { placedTaskData } from "./task-data.ts";

export interface StartStackOptions extends Omit<ChildContext, "startSeconds"> {
  readonly experiment: Experiment;
  /** The one of `sweep.variants` that the experiment is in. */
  readonly variant?: string | undefined;
  /** Where the simulated engines find tasks and tool schemas. */
  readonly taskData: TaskData;
  /** Gets `servers/`: what the servers say about themselves. */
  readonly evidenceDirectory: string;
  /** For keys of attached servers, and for Docker's own settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Secret of the gateways' admin interface, made for this run. */
  readonly adminKey: string;
  /** For what programs read that must be gone afterwards. */
  readonly scratchDirectory: string;
  readonly tell: (line: string) => void;
  /** What happens now, for a person who waits: `starting openclaw-0`. Absent: nobody watches. */
  readonly phase?: (text: string) => void;
}

/**
 * Starts engines (embedded, docker, process) or finds them (attach), then the tap, then the arms' gateways. An arm that does
 * not start is told of in the stack and keeps no other from starting.
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
    const { stack, limits, arms: specs } = options.experiment;
    const taskData = await placedTaskData(options, stack.kind);
    const context = { ...options, taskData, startSeconds: limits.startSeconds, own };
    const environment = { ...options.environment, ...options.childEnvironment };
    const node = stack.kind === "docker" ? await DockerNode.connect({ ...options, environment }) : null;
    options.phase?.(stack.kind === "attach" ? "looking for the model servers" : "starting the model servers");
    const started = await startEngines({ ...context, stack, node });
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
    const { arms, failedArms } = await startArms(specs, tap, (index) => {
      options.phase?.(`starting arm ${specs[index]?.name} (${index + 1} of ${specs.length})`);
      return {
        ...context,
        agentEngine: engines.agent,
        stackKind: stack.kind,
        firstPort: stack.kind === "docker" ? armPort(stack, index) : null,
        pull: stack.kind === "docker" ? stack.pull : "missing",
        callSeconds: limits.callSeconds,
      };
    });
    const userBaseUrl = await userTap(tap, started.user);
    const { restart } = started;
    const revive = async (death: StackDeath) => {
      const role = death.part === "engine" ? "agent" : "user";
      if (restart !== null) engines[role] = await restart(role);
      deaths.forget(death);
    };
    const running: RunningStack = {
      kind: stack.kind,
      get agentEngine() {
        return engines.agent;
      },
      get userEngine() {
        return engines.user;
      },
      arms,
      failedArms,
      userBaseUrl,
      tap,
      death: (arm) => deaths.of(null) ?? deaths.of(arm),
      revive: restart === null ? null : revive,
      [Symbol.asyncDispose]: async () => {
        deaths.stopWatching();
        await stoppable.disposeAsync();
      },
    };
    await keepServerEvidence(running, { ...options, directory: options.evidenceDirectory });
    return running;
  } catch (error) {
    deaths.stopWatching();
    await stoppable.disposeAsync();
    throw error;
  }
}

async function userTap(tap: TapClient, user: Engine | null): Promise<string | null> {
  if (user === null) return null;
  return `${await tap.listen({ name: "user", hop: "user", arm: "user", upstream: user.url })}/v1`;
}
