import { join } from "node:path";
import type { ArmSpec, Experiment } from "../config/experiment.ts";
import { startTap, type TapClient } from "../tap/client.ts";
import type { TaskData } from "../workload/workload.ts";
import { describeEngine, type Engine } from "./engine.ts";
import { startGateway } from "./gateway-arm.ts";
import { startSimulator } from "./simulated-engine.ts";
import type { ArmSession, RunningArm, RunningStack, StackDeath } from "./stack.ts";
import type { ManagedProcess } from "./supervisor/managed-process.ts";

export interface StartStackOptions {
  readonly experiment: Experiment;
  /** Where the simulated engines find tasks and tool schemas. */
  readonly taskData: TaskData;
  readonly logDirectory: string;
  /** For every child process; carries TOLLGATE_RUN. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** For keys of attached servers. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly keeper: { watch(pid: number): void; unwatch(pid: number): void };
  /** Secret of the gateways' admin interface, made for this run. */
  readonly adminKey: string;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/** What the stack has started so far; stopped in reverse order. */
export interface Started {
  readonly part: StackDeath["part"];
  readonly arm: StackDeath["arm"];
  readonly process: ManagedProcess<unknown>;
}

/**
 * Starts engines (embedded) or finds them (attach), then the tap, then the arms' gateways.
 * @throws {StartError} naming the part that did not start; what had been started is stopped again.
 */
export async function startStack(options: StartStackOptions): Promise<RunningStack> {
  const stoppable = new AsyncDisposableStack();
  const started: Started[] = [];
  const own: Own = (owned) => {
    started.push(owned);
    stoppable.use(owned.process);
  };
  try {
    const [agentEngine, userEngine] = await startEngines(options, own);
    const tap = stoppable.use(
      await startTap({
        logFile: join(options.logDirectory, "tap.log"),
        environment: options.childEnvironment,
        keeper: options.keeper,
        signal: options.signal,
      }),
    );
    const arms: RunningArm[] = [];
    for (const spec of options.experiment.arms)
      arms.push(await startArm(spec, { options, tap, agentEngine, own }));
    const userBaseUrl = `${await tap.listen({ name: "user", hop: "user", arm: "user", upstream: userEngine.url })}/v1`;
    const deaths = watchDeaths(started, tap);
    return {
      kind: options.experiment.stack.kind,
      simulated: agentEngine.simulated || userEngine.simulated,
      agentEngine,
      userEngine,
      arms,
      userBaseUrl,
      tap,
      death: (arm) => deaths.of(null) ?? deaths.of(arm),
      [Symbol.asyncDispose]: async () => {
        deaths.stopping = true;
        await stoppable.disposeAsync();
      },
    };
  } catch (error) {
    await stoppable.disposeAsync();
    throw error;
  }
}

type Own = (owned: Started) => void;

async function startEngines(options: StartStackOptions, own: Own): Promise<[Engine, Engine]> {
  const { stack } = options.experiment;
  if (stack.kind === "attach") {
    return Promise.all(
      (["agent", "user"] as const).map((role) => {
        const { url, model, apiKeyEnv, metricsUrl } = stack[role];
        const apiKey = (apiKeyEnv && options.environment[apiKeyEnv]) || "none";
        return describeEngine({ role, url, model, apiKey, metricsUrl }, options.signal);
      }),
    ) as Promise<[Engine, Engine]>;
  }
  const starts = await Promise.allSettled(
    (["agent", "user"] as const).map(async (role) => {
      const process = await startSimulator(role, { ...options, spec: stack[role], model: stack.model });
      own({ part: role === "agent" ? "engine" : "user-engine", arm: null, process });
      return process;
    }),
  );
  // Both are waited for: one that comes up while the other fails has to be stopped with the rest.
  const simulators = starts.map((start) => {
    if (start.status === "rejected") throw start.reason;
    return start.value;
  });
  return Promise.all(
    simulators.map((process, index) =>
      describeEngine(
        {
          role: index === 0 ? "agent" : "user",
          url: process.ready.url,
          model: stack.model,
          apiKey: "none",
          metricsUrl: undefined,
        },
        options.signal,
      ),
    ),
  ) as Promise<[Engine, Engine]>;
}

interface ArmContext {
  readonly options: StartStackOptions;
  readonly tap: TapClient;
  readonly agentEngine: Engine;
  readonly own: Own;
}

/** Both arms pass both taps, so that what the taps cost cancels in every comparison. */
async function startArm(spec: ArmSpec, context: ArmContext): Promise<RunningArm> {
  const { tap, agentEngine, options } = context;
  const inner =
    spec.kind === "url"
      ? null
      : await tap.listen({
          name: `inner:${spec.name}`,
          hop: "inner",
          arm: spec.name,
          upstream: agentEngine.url,
        });
  const target = await armTarget(spec, { ...context, inner });
  const outer = await tap.listen({
    name: `outer:${spec.name}`,
    hop: "outer",
    arm: spec.name,
    upstream: target.url,
  });
  return {
    spec,
    baseUrl: `${outer}/v1`,
    innerTapped: inner !== null,
    metricsUrl: target.metricsUrl,
    openSession:
      target.openSession ?? (() => Promise.resolve(plainSession(keyOf(spec, options) ?? agentEngine.apiKey))),
  };
}

interface ArmTarget {
  readonly url: string;
  readonly metricsUrl: string | null;
  readonly openSession: ((attemptKey: string) => Promise<ArmSession>) | null;
}

async function armTarget(
  spec: ArmSpec,
  context: ArmContext & { readonly inner: string | null },
): Promise<ArmTarget> {
  if (spec.kind === "url") return { url: spec.url.replace(/\/+$/, ""), metricsUrl: null, openSession: null };
  const inner = context.inner ?? context.agentEngine.url;
  if (spec.kind === "raw") return { url: inner, metricsUrl: null, openSession: null };
  const { process, openSession } = await startGateway(spec.name, {
    ...context.options,
    engineUrl: inner,
    engineKey: context.agentEngine.apiKey,
  });
  context.own({ part: "gateway", arm: spec.name, process });
  return { url: process.ready.url, metricsUrl: `${process.ready.url}/metrics`, openSession };
}

function keyOf(spec: ArmSpec, options: StartStackOptions): string | undefined {
  return spec.kind === "url" && spec.apiKeyEnv ? options.environment[spec.apiKeyEnv] : undefined;
}

function plainSession(apiKey: string): ArmSession {
  return {
    apiKey,
    startMs: null,
    close: () => Promise.resolve({ rewardMs: null, exportMs: null, interactions: null }),
  };
}

function watchDeaths(started: readonly Started[], tap: TapClient) {
  const deaths: StackDeath[] = [];
  const watch = {
    stopping: false,
    of: (arm: string | null) => deaths.find((death) => death.arm === arm) ?? null,
  };
  const note = (death: StackDeath) => {
    if (!watch.stopping) deaths.push(death);
  };
  for (const { part, arm, process } of started) {
    void process.exited.then(({ code, signal }) =>
      note({
        part,
        arm,
        message: `${process.name} (pid ${process.pid}) ended with ${signal ?? `code ${code}`}. Its log ends with:\n${process.lastLogLines(5)}`,
      }),
    );
  }
  void tap.died.then((error: Error) => note({ part: "tap", arm: null, message: error.message }));
  return watch;
}
