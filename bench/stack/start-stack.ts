import { join } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import { startTap, type TapClient } from "../tap/client.ts";
import type { TaskData } from "../workload/workload.ts";
import { startArm } from "./arms/start-arm.ts";
import type { OwnedPart } from "./part.ts";
import type { RunningArm, RunningStack, StackDeath } from "./stack.ts";
import { startEngines } from "./start-engines.ts";

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

/**
 * Starts engines (embedded) or finds them (attach), then the tap, then the arms' gateways.
 * @throws {StartError} naming the part that did not start; what had been started is stopped again.
 */
export async function startStack(options: StartStackOptions): Promise<RunningStack> {
  const stoppable = new AsyncDisposableStack();
  const owned: OwnedPart[] = [];
  const own = (part: OwnedPart) => {
    owned.push(part);
    stoppable.use(part.running);
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
    const deaths = watchDeaths(owned, tap);
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

function watchDeaths(owned: readonly OwnedPart[], tap: TapClient) {
  const deaths: StackDeath[] = [];
  const watch = {
    stopping: false,
    of: (arm: string | null) => deaths.find((death) => death.arm === arm) ?? null,
  };
  const note = (death: StackDeath) => {
    if (!watch.stopping) deaths.push(death);
  };
  for (const { part, arm, running } of owned) {
    void running.ended.then((how) =>
      note({
        part,
        arm,
        message: `${running.name} ended with ${how}. Its log ends with:\n${running.lastLogLines(5)}`,
      }),
    );
  }
  void tap.died.then((error: Error) => note({ part: "tap", arm: null, message: error.message }));
  return watch;
}
