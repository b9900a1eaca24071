import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AgentDriver, AgentTurn } from "../../bench/agent/agent.ts";
import { messageOf, StartError } from "../../bench/errors.ts";
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
import { noBrowserBecause, ownToolsFor, programsFor } from "./attempt/browser.ts";
import { openSession } from "./attempt/open-session.ts";
import type { TasksParts } from "./attempt/parts.ts";
import { attemptTask } from "./attempt/attempt-task.ts";
import { judgeOf } from "./attempt/judge-endpoint.ts";
import { isNamedByPlan, missingProgramText, tasksOf } from "./plan.ts";
import type { TasksExperiment } from "./contract/section.ts";
import type { WorkspaceTask } from "./contract/task.ts";
import { missingPrograms } from "./workspace/missing-programs.ts";
import { workspaceToolNames, workspaceToolsUrl, type WorkspaceTools } from "./tools/workspace-tools.ts";
import { WarmUpPlaces } from "./attempt/warm-up-places.ts";

/** The workload while a run lasts: sandboxes, tool server, agent. */
export class PreparedTasks implements PreparedWorkload {
  readonly #parts: TasksParts;
  readonly #stoppable: AsyncDisposableStack;
  readonly #tasks: ReadonlyMap<string, WorkspaceTask>;

  private constructor(parts: TasksParts, stoppable: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stoppable = stoppable;
    this.#tasks = new Map(parts.suite.tasks.map((task) => [task.id, task]));
  }

  static async start(experiment: TasksExperiment, context: WorkloadContext): Promise<PreparedTasks> {
    const stoppable = new AsyncDisposableStack();
    try {
      const suite = tasksOf(experiment.workload);
      const { sandboxes, ...made } = await sandboxesOfRun(experiment, context, suite.folder);
      const workspaces = (await workspacesFor(context, stoppable)) ?? made.workspaces;
      context.progress(`sandbox: ${sandboxes.kind}`);
      const needing = suite.tasks.map((task) => ({
        id: task.id,
        programs: programsFor(task, context.agent),
      }));
      const missing = await missingPrograms(sandboxes, needing, workspaces);
      const unsaid = [...missing].filter(([program]) => !isNamedByPlan(program, sandboxes.kind));
      sayMissing(unsaid, { strict: experiment.workload.strict, tell: context.progress });
      const served = context.agent.ownTools.length === 0;
      const toolServer = stoppable.use(
        await startToolServer<WorkspaceTools>({
          module: workspaceToolsUrl,
          scratchDirectory: context.scratchDirectory,
          preload: [{ offer: served ? "all" : "none" }],
        }),
      );
      const driver = stoppable.use(
        await context.startAgent({
          fleetToken: toolServer.fleetToken,
          sockets: toolServer.sockets,
          names: served ? workspaceToolNames : [],
          own: ownToolsFor(suite.tasks, context.agent),
        }),
      );
      const judge = judgeOf(experiment.workload, context.environment);
      const setupMs = experiment.workload.setupSeconds * 1000;
      const maker = { sandboxes, workspaces, setupMs, model: context.model };
      const noBrowser = noBrowserBecause(context.agent, [...missing.keys()]);
      const parts = { experiment, context, suite, maker, toolServer, driver, served, judge, noBrowser };
      return new PreparedTasks(parts, stoppable);
    } catch (error) {
      await stoppable.disposeAsync();
      throw error;
    }
  }

  async attempt(episode: EpisodeTask, attempt: AttemptContext): Promise<EpisodeResult> {
    const task = this.#tasks.get(episode.taskId);
    if (!task)
      throw new Error(`episode ${attempt.episodeId} names task ${episode.taskId}, which is not loaded`);
    return await attemptTask(this.#parts, task, { episode, attempt });
  }

  async warmUp({ agent, signal }: WarmUpContext): Promise<void> {
    const { driver } = this.#parts;
    const task = this.#parts.suite.tasks[0];
    if (!driver.warmUp || !task) return;
    await using places = new WarmUpPlaces(this.#parts);
    const turns = await driver.warmUp(async (attemptKey) => {
      const place = await places.open(attemptKey);
      const session = {
        episodeId: "warm-up",
        key: attemptKey,
        endpoint: agent,
        seed: 0,
        turnTimeoutMs: null,
      };
      const { open, request } = await openSession(this.#parts, place, session);
      places.closeLater(() => open.close());
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
      `warning: in the agent's first turn the model's answer was not one that the agent can use: ${turn.message}. The agent is warm, and the run goes on.`,
    );
  }
}

/** A folder that an agent sees which runs elsewhere, for as long as the run lasts; null: it runs here and sees any. */
async function workspacesFor(
  { agent, runId }: WorkloadContext,
  stoppable: AsyncDisposableStack,
): Promise<string | null> {
  if (agent.workspaceRoot === undefined) return null;
  const workspaces = join(agent.workspaceRoot, runId);
  try {
    await mkdir(workspaces, { recursive: true });
  } catch (cause) {
    throw new StartError(
      "agent",
      `agent.workspaces: ${workspaces} cannot be made: ${messageOf(cause)}. The volume that the gateway's container works on must be mounted here at the same path, and writable.`,
      { cause },
    );
  }
  stoppable.defer(() => rm(workspaces, { recursive: true, force: true }));
  return workspaces;
}

function sayMissing(
  missing: readonly (readonly [program: string, ids: readonly string[]])[],
  { strict, tell }: { readonly strict: boolean; readonly tell: (line: string) => void },
): void {
  for (const [program, ids] of missing) {
    const text = missingProgramText(program, ids, "in the sandbox");
    if (strict) throw new StartError("sandbox", `workload.strict: ${text}`);
    tell(`warning: ${text}`);
  }
}
