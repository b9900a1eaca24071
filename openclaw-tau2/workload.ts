import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { NativeSection } from "../bench/agent/native/section.ts";
import type { OpenClawSection } from "../bench/agent/openclaw/section.ts";
import type { Experiment } from "../bench/config/experiment.ts";
import { ConfigError, StartError, TollgateError } from "../bench/errors.ts";
import { programEnvironment } from "../bench/host/program-environment.ts";
import { notStarted } from "../bench/workload/not-started.ts";
import type {
  AttemptContext,
  EpisodeResult,
  EpisodeTask,
  FailureClass,
  PreparedWorkload,
  TranscriptMessage,
  WarmUpContext,
  Workload,
  WorkloadContext,
  WorkloadPlan,
} from "../bench/workload/workload.ts";
import type { AgentDriver, AgentSessionRequest } from "../bench/agent/agent.ts";
import { domainOptions } from "./domain-options.ts";
import { runEpisode } from "./episode/conversation.ts";
import { ChatClient } from "../bench/agent/model/chat-client.ts";
import { startNative } from "../bench/agent/native/driver.ts";
import { startOpenClaw } from "../bench/agent/openclaw/driver.ts";
import { AgentProcessError, fleetSize } from "../bench/agent/openclaw/fleet.ts";
import { findOpenClaw } from "../bench/agent/openclaw/installation.ts";
import { tau2Section, type Tau2Section } from "./section.ts";
import { checkDrops, selectTasks } from "./task-selection.ts";
import { checkoutFacts, checkoutWarnings } from "./tau2/checkout.ts";
import type { LoadedDomain, Task } from "./tau2/domain.ts";
import { dataFolderOf } from "./tau2/domains/registry.ts";
import { loadDomain } from "./tau2/load.ts";
import { parseJson } from "./tau2/python/json-parse.ts";
import { trialSeeds } from "./tau2/random.ts";
import { agentSystemPrompt, readAgentPrompt } from "./tau2/text/agent-prompt.ts";
import { startToolServer, type OpenEpisode, type ToolServer } from "../bench/tools/server.ts";
import { ToolServerError } from "../bench/tools/tool-server-error.ts";
import { transcriptMessages } from "./transcript/tau2-messages.ts";
import { tau2ToolsUrl, type Tau2Tools } from "./tools/tau2-tools.ts";
import { UserSimulator } from "./user/user-simulator.ts";

type Tau2Experiment = Experiment<Tau2Section, OpenClawSection | NativeSection>;

/** tau2's fixed first message of the agent; it is in every conversation before anybody is asked anything. */
const greeting = "Hi! How can I help you today?";

/** tau2's tasks, run by the OpenClaw agent or by tau2's own loop. */
export const openclawTau2: Workload<Tau2Section, OpenClawSection | NativeSection> = {
  specificationVersion: "workload-v2",
  kind: "tau2",
  section: tau2Section,
  plan: (experiment, environment) => Promise.resolve(planOf(experiment, environment)),
  prepare: (experiment, context) => Tau2Workload.start(experiment, context),
};

function planOf(
  experiment: Tau2Experiment,
  environment: Readonly<Record<string, string | undefined>>,
): WorkloadPlan {
  const { workload, agent } = experiment;
  const options = domainOptions(workload, programEnvironment(environment));
  const domain = loadDomain(options);
  const tasks = selectTasks(domain, workload.tasks);
  const withHistory = tasks.filter((task) => task.messageHistory.length > 0);
  if (agent.kind === "openclaw" && withHistory.length > 0) {
    throw new ConfigError(
      `Tasks ${withHistory.map(({ id }) => id).join(", ")} begin with a conversation, which OpenClaw cannot be given. Leave them out (workload.tasks.ids) or use agent.kind: native.`,
    );
  }
  const systemOf = systemPrompt(experiment);
  if (experiment.stack.kind === "embedded") checkDrops(tasks, experiment.stack.agent.drop);
  const checkout = workload.checkout === undefined ? null : checkoutFacts(workload.checkout, domain.name);
  const seeds = trialSeeds(workload.seed, workload.trials);
  return {
    episodes: seeds.flatMap((seed, trial) =>
      tasks.map((task): EpisodeTask => ({ domain: domain.name, taskId: task.id, trial, seed })),
    ),
    agent: {
      name: agent.kind,
      version: agent.kind === "openclaw" ? findOpenClaw().version : "tau2-llm-agent",
    },
    hashes: domain.fileHashes,
    facts: {
      domain: domain.name,
      tasks: tasks.length,
      trials: workload.trials,
      prompt: agent.prompt,
      rewardBases: countBases(tasks),
      pythonVersion: workload.pythonVersion,
      pydanticVersion: workload.pydanticVersion,
      ...domain.facts,
      checkout,
    },
    warnings: checkout === null ? [] : checkoutWarnings(checkout),
    taskData: {
      dataDirectory: options.dataDirectory,
      schemasDirectory:
        options.schemasDirectory ??
        join(options.dataDirectory, "tau2", "domains", dataFolderOf(workload.domain)),
      domain: dataFolderOf(workload.domain),
    },
    ...(checkout !== null && { tau2: checkout.commit }),
    longestPrompt: { system: systemOf(domain.policy), toolsJson: domain.agentToolsJson },
  };
}

function countBases(tasks: readonly Task[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { rewardBasis } of tasks) {
    const name = rewardBasis.join("+");
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** What was said before the first turn: the task's own conversation where it has one, else tau2's greeting. */
function prefixOf(task: Task): TranscriptMessage[] {
  if (task.messageHistory.length > 0) return transcriptMessages(task.messageHistory);
  return [{ role: "assistant", content: greeting, toolCalls: null, requestId: null, usage: null }];
}

/** OpenClaw's system message is the policy alone; tau2's own agent wraps it in its instruction. */
function systemPrompt({ agent, workload }: Tau2Experiment): (policy: string) => string {
  if (agent.kind === "openclaw") return (policy) => policy;
  const { dataDirectory, schemasDirectory, checkout } = domainOptions(workload);
  const prompt = readAgentPrompt({
    checkoutDirectory: checkout ?? null,
    policiesFile: schemasDirectory === null ? null : join(schemasDirectory, "policies.json"),
    instructionFile: workload.data === undefined ? join(dataDirectory, "tau2", "agent_instruction.md") : null,
  });
  return (policy) => agentSystemPrompt(prompt, policy);
}

interface Tau2Parts {
  readonly systemOf: (policy: string) => string;
  readonly experiment: Tau2Experiment;
  readonly context: WorkloadContext;
  readonly domain: LoadedDomain;
  readonly toolServer: ToolServer<Tau2Tools>;
  readonly userClient: ChatClient;
  readonly driver: AgentDriver;
  readonly warmUpDriver:
    ((open: OpenSession, signal: AbortSignal) => Promise<readonly { readonly status: string }[]>) | null;
}

type OpenSession = (attemptKey: string) => Promise<AgentSessionRequest>;

class Tau2Workload implements PreparedWorkload {
  readonly #parts: Tau2Parts;
  readonly #stoppable: AsyncDisposableStack;
  readonly #tasks: ReadonlyMap<string, Task>;

  private constructor(parts: Tau2Parts, stoppable: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stoppable = stoppable;
    this.#tasks = new Map(parts.domain.tasks.map((task) => [task.id, task]));
  }

  static async start(experiment: Tau2Experiment, context: WorkloadContext): Promise<Tau2Workload> {
    const stoppable = new AsyncDisposableStack();
    try {
      const { checkout } = experiment.workload;
      const options = domainOptions(experiment.workload, context.childEnvironment);
      const domain = loadDomain(options);
      if (checkout !== undefined) {
        for (const warning of checkoutWarnings(checkoutFacts(checkout, domain.name)))
          context.progress(`warning: ${warning}`);
      }
      const toolServer = stoppable.use(
        await startToolServer<Tau2Tools>({
          module: tau2ToolsUrl,
          scratchDirectory: context.scratchDirectory,
          preload: [options],
        }),
      );
      const userClient = stoppable.use(new ChatClient());
      const { driver, warmUpDriver } = await startAgent({ experiment, context, domain, toolServer });
      stoppable.use(driver);
      const systemOf = systemPrompt(experiment);
      const parts = { experiment, context, domain, systemOf, toolServer, userClient, driver, warmUpDriver };
      return new Tau2Workload(parts, stoppable);
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
    const deadline = { signal: AbortSignal.timeout(deadlineMs), afterMs: deadlineMs };
    const opened = await reached("tool-server", context, () =>
      this.#open(task, { ...context, seed: episode.seed }),
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
        system: request.system,
        prefix: prefixOf(task),
        labels: experiment.agent.prompt === "stock" ? ["prompt-stock"] : [],
      });
    } finally {
      await open.close();
    }
  }

  async warmUp({ agent, signal }: WarmUpContext): Promise<void> {
    const { warmUpDriver, domain } = this.#parts;
    const task = domain.tasks[0];
    if (!warmUpDriver || !task) return;
    const opened: { close(): Promise<void> }[] = [];
    const turns = await warmUpDriver(async (attemptKey) => {
      const { open, request } = await this.#open(task, { episodeId: "warm-up", attemptKey, agent, seed: 0 });
      opened.push(open);
      return request;
    }, signal);
    for (const open of opened) await open.close();
    const failed = turns.find(({ status }) => status !== "answered");
    if (failed) {
      throw new StartError(
        "agent",
        `The agent's first turn failed: ${JSON.stringify(failed)}. See the agent's log in ${this.#parts.context.logDirectory}.`,
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

  async #open(
    task: Task,
    attempt: Pick<AttemptContext, "episodeId" | "attemptKey" | "agent"> & { readonly seed: number },
  ) {
    const { experiment, toolServer, context } = this.#parts;
    const { workload, limits, agent } = experiment;
    const sampling = samplingOf(experiment, attempt.seed);
    const open = await toolServer.openEpisode({
      episodeId: attempt.episodeId,
      attemptKey: attempt.attemptKey,
      settings: domainOptions(workload, context.childEnvironment),
      taskId: task.id,
      limits: {
        maxSteps: workload.maxSteps,
        maxErrors: workload.maxErrors,
        callTimeoutMs: limits.callSeconds * 1000,
      },
      session: {
        baseUrl: attempt.agent.baseUrl,
        headers: { ...attempt.agent.headers, authorization: `Bearer ${attempt.agent.apiKey}` },
        sampling,
        prompt: agent.prompt,
        greeting,
      },
    });
    const request: AgentSessionRequest = {
      episodeId: attempt.episodeId,
      attemptKey: attempt.attemptKey,
      endpoint: attempt.agent,
      sampling,
      system: this.#parts.systemOf(open.opened.policy),
      tools: open.opened.agentToolsJson,
      greeting,
      ...(task.messageHistory.length > 0 && { history: prefixOf(task) }),
      acceptsArguments: isJsonObject,
      turnTimeoutMs: limits.turnSeconds * 1000,
    };
    return { open, request };
  }

  #userOf(task: Task, attempt: UserContext): UserSimulator {
    const { experiment } = this.#parts;
    const { domain, taskId, trial, seed } = attempt.episode;
    // The simulated agent knows tasks by the folder of their data.
    const folder = dataFolderOf(domain);
    return new UserSimulator({
      client: this.#parts.userClient,
      endpoint: attempt.context.user,
      systemPrompt: attempt.open.opened.userSystemPrompt,
      toolsJson: task.hasUserTools ? attempt.open.opened.userToolsJson : null,
      reference: `${folder}/${encodeURIComponent(taskId)}/${trial}`,
      attemptKey: attempt.context.attemptKey,
      sampling: { temperature: 0, seed },
      callTimeoutMs: experiment.limits.callSeconds * 1000,
    });
  }
}

/**
 * A part that an attempt needs before anything is said. One that is gone or refuses costs this episode and no other: the
 * next one may meet its successor. When there is none left, or for a bug of the harness, the error is thrown on: the run
 * ends and can be resumed, instead of failing every episode that is left.
 */
async function reached<T>(
  part: FailureClass,
  { signal }: AttemptContext,
  reach: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly result: EpisodeResult }> {
  try {
    return { value: await reach() };
  } catch (error) {
    const final = error instanceof AgentProcessError || error instanceof StartError;
    if (final || !(error instanceof TollgateError)) throw error;
    if (signal.aborted) return { result: notStarted(null) };
    const failureClass = error instanceof ToolServerError ? "tool-server" : part;
    return { result: notStarted({ class: failureClass, message: error.message }) };
  }
}

interface UserContext {
  readonly episode: EpisodeTask;
  readonly context: AttemptContext;
  readonly open: OpenEpisode<Tau2Tools>;
}

function samplingOf({ sampling }: Tau2Experiment, seed: number): Record<string, number> {
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    ...(sampling.topK > 0 ? { top_k: sampling.topK } : {}),
    max_tokens: sampling.maxTokens,
    seed,
  };
}

async function startAgent(
  parts: Pick<Tau2Parts, "experiment" | "context" | "domain" | "toolServer">,
): Promise<Pick<Tau2Parts, "driver" | "warmUpDriver">> {
  const { experiment, context, domain, toolServer } = parts;
  if (experiment.agent.kind === "native") {
    return {
      driver: startNative({ toolServer, callTimeoutMs: experiment.limits.callSeconds * 1000 }),
      warmUpDriver: null,
    };
  }
  const { gateways } = experiment.agent;
  const driver = await startOpenClaw({
    gateways: gateways === "auto" ? fleetSize(context.concurrencyMax, availableParallelism()) : gateways,
    scratchDirectory: context.scratchDirectory,
    logDirectory: context.logDirectory,
    cacheDirectory: context.cacheDirectory,
    childEnvironment: context.childEnvironment,
    fleetToken: toolServer.fleetToken,
    toolSockets: toolServer.sockets,
    toolNames: toolNames(domain),
    model: context.model,
    contextWindow:
      experiment.stack.kind === "attach" ? 131_072 : (experiment.stack.agent.contextLength ?? 131_072),
    maxTokens: experiment.sampling.maxTokens,
    turnTimeoutMs: experiment.limits.turnSeconds * 1000,
    maxConcurrent: context.concurrencyMax,
    startTimeoutMs: experiment.limits.startSeconds * 1000,
    signal: context.signal,
    progress: context.progress,
  });
  return { driver, warmUpDriver: (open, signal) => driver.warmUp(open, signal) };
}

/** As Python reads JSON: NaN is a number. */
function isJsonObject(text: string): boolean {
  try {
    return parseJson(text) instanceof Map;
  } catch {
    return false;
  }
}

function toolNames(domain: LoadedDomain): string[] {
  const tools = JSON.parse(domain.agentToolsJson) as { readonly function: { readonly name: string } }[];
  return tools.map((tool) => tool.function.name);
}
