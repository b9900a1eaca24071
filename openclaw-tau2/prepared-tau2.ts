import type { AgentDriver, AgentTurn } from "../bench/agent/agent.ts";
import { ChatClient } from "../bench/agent/model/chat-client.ts";
import { StartError } from "../bench/errors.ts";
import { startToolServer } from "../bench/tools/server.ts";
import type {
  AttemptContext,
  EpisodeResult,
  EpisodeTask,
  PreparedWorkload,
  WarmUpContext,
  WorkloadContext,
} from "../bench/workload/workload.ts";
import { describedDomain } from "./described-domain.ts";
import { domainOptions } from "./domain-options.ts";
import { runEpisode } from "./episode/conversation.ts";
import { openAttempt, openingMessages, type AttemptParts, type OpenedAttempt } from "./open-attempt.ts";
import { reached } from "../bench/agent/attempt/reached-part.ts";
import type { Tau2Experiment } from "./section.ts";
import { systemPrompt } from "./system-prompt.ts";
import { checkoutFacts, checkoutWarnings } from "./tau2/schemas/checkout.ts";
import type { DomainDescription, Task } from "./tau2/contract/domain.ts";
import { dataFolderOf } from "./tau2/domains/registry.ts";
import { tau2ToolsUrl, type Tau2Tools } from "./tools/tau2-tools.ts";
import { UserSimulator } from "./user/user-simulator.ts";
import { Deadline } from "../bench/measure/deadline.ts";

interface Tau2Parts extends AttemptParts {
  readonly domain: DomainDescription;
  readonly userClient: ChatClient;
  readonly driver: AgentDriver;
}

/** Threads that share the tool calls. One episode at a time keeps one busy, and each holds the domain's databases. */
const toolWorkers = 2;

/**
 * A turn that ran through, with an answer that the agent could make nothing of. The process has loaded all that a turn
 * needs, and what a model says to "Hello." is for the tasks to score.
 */
function isSpoiltByModel(turn: AgentTurn): turn is Extract<AgentTurn, { status: "agent-error" }> {
  return turn.status === "agent-error" && turn.requestId !== undefined;
}

/** tau2's workload while a run lasts: tool server, agent, and the user simulator's client. */
export class PreparedTau2 implements PreparedWorkload {
  readonly #parts: Tau2Parts;
  readonly #stoppable: AsyncDisposableStack;
  readonly #tasks: ReadonlyMap<string, Task>;

  private constructor(parts: Tau2Parts, stoppable: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stoppable = stoppable;
    this.#tasks = new Map(parts.domain.tasks.map((task) => [task.id, task]));
  }

  static async start(experiment: Tau2Experiment, context: WorkloadContext): Promise<PreparedTau2> {
    const stoppable = new AsyncDisposableStack();
    const { workload } = experiment;
    try {
      const options = domainOptions(workload, context.childEnvironment);
      const domain = describedDomain(experiment, context.childEnvironment);
      if (workload.checkout !== undefined) {
        for (const warning of checkoutWarnings(checkoutFacts(workload.checkout, domain.name)))
          context.progress(`warning: ${warning}`);
      }
      const toolServer = stoppable.use(
        await startToolServer<Tau2Tools>({
          module: tau2ToolsUrl,
          scratchDirectory: context.scratchDirectory,
          preload: [options],
          workers: context.concurrencyMax === 1 ? 1 : toolWorkers,
        }),
      );
      const userClient = stoppable.use(new ChatClient());
      const { fleetToken, sockets } = toolServer;
      const driver = stoppable.use(
        await context.startAgent({ fleetToken, sockets, names: toolNames(domain) }),
      );
      const systemOf = systemPrompt(workload, context.agent);
      const parts = { experiment, context, domain, systemOf, toolServer, userClient, driver };
      return new PreparedTau2(parts, stoppable);
    } catch (error) {
      await stoppable.disposeAsync();
      throw error;
    }
  }

  async attempt(episode: EpisodeTask, context: AttemptContext): Promise<EpisodeResult> {
    const { experiment, domain, driver } = this.#parts;
    const task = this.#tasks.get(episode.taskId);
    if (!task)
      throw new Error(
        `episode ${context.episodeId} names task ${episode.taskId}, which ${domain.name} lacks`,
      );
    const deadlineMs = experiment.limits.episodeSeconds * 1000;
    using limit = new Deadline(deadlineMs);
    const deadline = { signal: limit.signal, afterMs: deadlineMs };
    const opened = await reached("tool-server", context, () =>
      openAttempt(this.#parts, task, { ...context, seed: episode.seed }),
    );
    if ("result" in opened) return opened.result;
    const { open, request } = opened.value;
    try {
      const joined = await reached("agent-process", context, () => driver.openSession(request));
      if ("result" in joined) return joined.result;
      await using session = joined.value;
      return await runEpisode({
        open,
        session,
        user: this.#userOf(task, { episode, context, open }),
        context,
        deadline,
        limits: experiment.workload,
        system: request.system,
        prefix: openingMessages(task),
        labels: this.#parts.context.agent.prompt === "stock" ? ["prompt-stock"] : [],
      });
    } finally {
      await open.close();
    }
  }

  async warmUp({ agent, signal }: WarmUpContext): Promise<void> {
    const { context, domain, driver } = this.#parts;
    const task = domain.tasks[0];
    if (!driver.warmUp || !task) return;
    const opened: OpenedAttempt["open"][] = [];
    const turns = await driver.warmUp(async (attemptKey) => {
      const attempt = { episodeId: "warm-up", attemptKey, agent, seed: 0 };
      const { open, request } = await openAttempt(this.#parts, task, attempt);
      opened.push(open);
      return request;
    }, signal);
    for (const open of opened) await open.close();
    for (const turn of turns) {
      if (turn.status === "answered") continue;
      if (!isSpoiltByModel(turn)) {
        throw new StartError(
          "agent",
          `The agent's first turn failed: ${JSON.stringify(turn)}. See the agent's log in ${context.logDirectory}.`,
        );
      }
      context.progress(
        `warning: in the agent's first turn the model's answer was not one that the agent can use: ${turn.message}. The agent is warm, and the run goes on; such a turn costs an episode its reward.`,
      );
    }
  }

  async renew(): Promise<boolean> {
    return (await this.#parts.driver.renew?.()) ?? false;
  }

  eventLoopLoad() {
    return this.#parts.driver.eventLoopLoad();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stoppable.disposeAsync();
  }

  #userOf(task: Task, attempt: UserContext): UserSimulator {
    const { experiment, userClient } = this.#parts;
    const { facts, taskId, trial, seed } = attempt.episode;
    const endpoint = attempt.context.user;
    if (endpoint === null) throw new Error("tau2 asked for a user engine, and the stack has none");
    // The simulated agent knows tasks by the folder of their data.
    const folder = dataFolderOf(facts.domain);
    return new UserSimulator({
      client: userClient,
      endpoint,
      systemPrompt: attempt.open.opened.userSystemPrompt,
      toolsJson: task.hasUserTools ? attempt.open.opened.userToolsJson : null,
      reference: `${folder}/${encodeURIComponent(taskId)}/${trial}`,
      attemptKey: attempt.context.attemptKey,
      sampling: { temperature: 0, seed },
      callTimeoutMs: experiment.limits.callSeconds * 1000,
    });
  }
}

interface UserContext {
  readonly episode: EpisodeTask;
  readonly context: AttemptContext;
  readonly open: OpenedAttempt["open"];
}

function toolNames(domain: DomainDescription): string[] {
  const tools = JSON.parse(domain.agentToolsJson) as { readonly function: { readonly name: string } }[];
  return tools.map((tool) => tool.function.name);
}
