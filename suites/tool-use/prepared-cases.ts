import { dirname } from "node:path";
import type { AgentDriver, AgentTurn } from "../../bench/agent/agent.ts";
import { StartError } from "../../bench/errors.ts";
import { sandboxesOfRun } from "../../bench/sandbox/choice/sandboxes-of-run.ts";
import { startToolServer } from "../../bench/tools/server.ts";
import type {
  AttemptContext,
  EpisodeResult,
  EpisodeTask,
  PreparedWorkload,
  WarmUpContext,
  WorkloadContext,
} from "../../bench/workload/workload.ts";
import { attemptCase } from "./attempt/attempt-case.ts";
import { openSession } from "./attempt/open-session.ts";
import type { ToolUseParts } from "./attempt/parts.ts";
import { readCases } from "./cases/read-cases.ts";
import type { ToolUseCase } from "./contract/case.ts";
import type { ToolUseExperiment } from "./contract/section.ts";
import { checkTools } from "./place/check-tools.ts";
import { openPlace } from "./place/open-place.ts";
import { caseFileOf } from "./plan.ts";
import { definitionsOf } from "./tools/definitions.ts";
import { toolUseToolsUrl, type ToolUseTools } from "./tools/tool-use-tools.ts";

/** The workload while a run lasts: sandboxes, tool server, agent. */
export class PreparedCases implements PreparedWorkload {
  readonly #parts: ToolUseParts;
  readonly #stoppable: AsyncDisposableStack;
  readonly #cases: ReadonlyMap<string, ToolUseCase>;

  private constructor(parts: ToolUseParts, stoppable: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stoppable = stoppable;
    this.#cases = new Map(parts.file.cases.map((task) => [task.id, task]));
  }

  static async start(experiment: ToolUseExperiment, context: WorkloadContext): Promise<PreparedCases> {
    const stoppable = new AsyncDisposableStack();
    try {
      const path = caseFileOf(experiment.workload);
      const file = readCases(path);
      const { sandboxes, workspaces } = await sandboxesOfRun(experiment, context, dirname(path));
      context.progress(`sandbox: ${sandboxes.kind}`);
      const maker = { sandboxes, workspaces };
      await checkTools(maker);
      const toolServer = stoppable.use(
        await startToolServer<ToolUseTools>({
          module: toolUseToolsUrl,
          scratchDirectory: context.scratchDirectory,
          preload: [{ declared: file.tools }],
        }),
      );
      const driver = stoppable.use(
        await context.startAgent({
          fleetToken: toolServer.fleetToken,
          sockets: toolServer.sockets,
          names: definitionsOf(file.tools).map((tool) => tool.function.name),
        }),
      );
      return new PreparedCases({ experiment, context, file, maker, toolServer, driver }, stoppable);
    } catch (error) {
      await stoppable.disposeAsync();
      throw error;
    }
  }

  async attempt(episode: EpisodeTask, attempt: AttemptContext): Promise<EpisodeResult> {
    const task = this.#cases.get(episode.taskId);
    if (!task)
      throw new Error(`episode ${attempt.episodeId} names case ${episode.taskId}, which is not loaded`);
    return await attemptCase(this.#parts, task, { episode, attempt });
  }

  /** A first turn in every process of the agent, in an empty place; what comes of it is no result. */
  async warmUp({ agent, signal }: WarmUpContext): Promise<void> {
    const { driver, experiment, maker } = this.#parts;
    if (!driver.warmUp) return;
    await using places = new AsyncDisposableStack();
    const empty = { files: {}, processes: [], environment: {}, service: {} };
    const turns = await driver.warmUp(async (attemptKey) => {
      const place = places.use(await openPlace(maker, empty, attemptKey));
      const { open, request } = await openSession(this.#parts, place, {
        episodeId: "warm-up",
        attemptKey,
        endpoint: agent,
        seed: experiment.workload.seed,
        caseId: "warm-up",
        faults: [],
      });
      places.defer(() => open.close());
      return request;
    }, signal);
    for (const turn of turns) this.#checkFirst(turn);
  }

  async renew(): Promise<boolean> {
    return (await this.#parts.driver.renew?.()) ?? false;
  }

  eventLoopLoad(): ReturnType<AgentDriver["eventLoopLoad"]> {
    return this.#parts.driver.eventLoopLoad();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stoppable.disposeAsync();
  }

  /** An answer that the agent could make nothing of warms as well as any; what a model says to a greeting is no result. */
  #checkFirst(turn: AgentTurn): void {
    if (turn.status === "answered") return;
    const { logDirectory, progress } = this.#parts.context;
    if (turn.status !== "agent-error" || turn.requestId === undefined)
      throw new StartError(
        "agent",
        `The agent's first turn failed: ${JSON.stringify(turn)}. See the agent's log in ${logDirectory}.`,
      );
    progress(
      `warning: in the agent's first turn the model's answer was of no use to the agent: ${turn.message}`,
    );
  }
}
