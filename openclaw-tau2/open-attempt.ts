import type { AgentSessionRequest } from "../bench/agent/agent.ts";
import { samplingFields } from "../bench/agent/sampling.ts";
import type { OpenEpisode, ToolServer } from "../bench/tools/server.ts";
import type { TranscriptMessage } from "../bench/transcript/transcript.ts";
import type { AttemptContext, WorkloadContext } from "../bench/workload/workload.ts";
import { domainOptions } from "./domain-options.ts";
import type { Tau2Experiment } from "./section.ts";
import type { Task } from "./tau2/contract/domain.ts";
import { parseJson } from "./tau2/python/json-parse.ts";
import type { Tau2Tools } from "./tools/tau2-tools.ts";
import { transcriptMessages } from "./transcript/tau2-messages.ts";

export interface AttemptParts {
  readonly experiment: Tau2Experiment;
  readonly context: WorkloadContext;
  readonly toolServer: ToolServer<Tau2Tools>;
  readonly systemOf: (policy: string) => string;
}

export interface OpenedAttempt {
  readonly open: OpenEpisode<Tau2Tools>;
  /** What the agent is told of the session that the tool server knows now. */
  readonly request: AgentSessionRequest;
}

/** tau2's fixed first message of the agent; it is in every conversation before anybody is asked anything. */
const greeting = "Hi! How can I help you today?";

/** Makes the environment of an attempt, and the agent's session that goes with it. */
export async function openAttempt(
  { experiment, context, toolServer, systemOf }: AttemptParts,
  task: Task,
  attempt: Pick<AttemptContext, "episodeId" | "attemptKey" | "agent"> & { readonly seed: number },
): Promise<OpenedAttempt> {
  const { workload, limits } = experiment;
  const { episodeId, attemptKey, agent } = attempt;
  const sampling = samplingFields(experiment.sampling, attempt.seed);
  const open = await toolServer.openEpisode({
    episodeId,
    attemptKey,
    settings: domainOptions(workload, context.childEnvironment),
    taskId: task.id,
    limits: {
      maxSteps: workload.maxSteps,
      maxErrors: workload.maxErrors,
      callTimeoutMs: limits.callSeconds * 1000,
    },
    session: {
      baseUrl: agent.baseUrl,
      headers: { ...agent.headers, authorization: `Bearer ${agent.apiKey}` },
      sampling,
      prompt: context.agent.prompt,
      greeting,
    },
  });
  const request: AgentSessionRequest = {
    episodeId,
    attemptKey,
    endpoint: agent,
    sampling,
    system: systemOf(open.opened.policy),
    tools: open.opened.agentToolsJson,
    greeting,
    ...(task.messageHistory.length > 0 && { history: openingMessages(task) }),
    acceptsArguments: isJsonObject,
    turnTimeoutMs: limits.turnSeconds * 1000,
  };
  return { open, request };
}

/** What was said before the first turn: the task's own conversation where it has one, else tau2's greeting. */
export function openingMessages(task: Task): TranscriptMessage[] {
  if (task.messageHistory.length > 0) return transcriptMessages(task.messageHistory);
  return [{ role: "assistant", content: greeting, toolCalls: null, requestId: null, usage: null }];
}

/** As Python reads JSON: NaN is a number. */
function isJsonObject(text: string): boolean {
  try {
    return parseJson(text) instanceof Map;
  } catch {
    return false;
  }
}
