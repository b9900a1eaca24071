import type { AgentSessionRequest, AgentWorkspace } from "../../../bench/agent/agent.ts";
import { samplingFields } from "../../../bench/agent/sampling.ts";
import type { Sandbox } from "../../../bench/sandbox/sandbox.ts";
import type { OpenEpisode } from "../../../bench/tools/server.ts";
import type { Endpoint } from "../../../bench/transcript/endpoint.ts";
import { systemPrompt } from "./system-prompt.ts";
import type { WorkspaceTask } from "../contract/task.ts";
import type { WorkspaceTools } from "../tools/workspace-tools.ts";
import type { TasksParts } from "./parts.ts";

/** Where a session works. */
export interface SessionPlace {
  readonly task: WorkspaceTask;
  readonly sandbox: Sandbox;
  readonly hostDirectory: string;
}

export interface SessionOpening {
  readonly episodeId: string;
  /** Of the session: that of the attempt, or one made of it for a further session. */
  readonly key: string;
  readonly endpoint: Endpoint;
  readonly seed: number;
  /** null: the experiment's. */
  readonly turnTimeoutMs: number | null;
}

export interface OpenedSession {
  readonly open: OpenEpisode<WorkspaceTools>;
  /** What the agent is told of the session that the tool server knows now. */
  readonly request: AgentSessionRequest;
}

/** As many as anybody would wait for: time ends an attempt, not a count. */
const unlimited = 1_000_000;

/** Makes a session known to the tool server, from which agents learn of theirs, whether or not tools are served to them. */
export async function openSession(
  { experiment, context, toolServer, served }: TasksParts,
  { task, sandbox, hostDirectory }: SessionPlace,
  { episodeId, key, endpoint, seed, turnTimeoutMs }: SessionOpening,
): Promise<OpenedSession> {
  const { limits } = experiment;
  const sampling = samplingFields(experiment.sampling, seed);
  const system = systemPrompt(context.agent, sandbox.directory);
  const workspace: AgentWorkspace = {
    directory: sandbox.directory,
    hostDirectory,
    enter: sandbox.enter([]),
    ...(task.browser ? { browser: { network: task.network } } : {}),
  };
  const open = await toolServer.openEpisode({
    episodeId,
    attemptKey: key,
    settings: { offer: served ? "all" : "none" },
    taskId: task.id,
    attempt: workspace,
    limits: { maxSteps: unlimited, maxErrors: unlimited, callTimeoutMs: limits.callSeconds * 1000 },
    session: {
      baseUrl: endpoint.baseUrl,
      headers: { ...endpoint.headers, authorization: `Bearer ${endpoint.apiKey}` },
      sampling,
      prompt: context.agent.prompt,
      greeting: null,
      system,
    },
  });
  const request: AgentSessionRequest = {
    episodeId,
    attemptKey: key,
    endpoint,
    sampling,
    system,
    tools: open.opened.agentToolsJson,
    greeting: null,
    acceptsArguments: isJsonObject,
    turnTimeoutMs: Math.min(limits.turnSeconds * 1000, turnTimeoutMs ?? Number.POSITIVE_INFINITY),
    workspace,
  };
  return { open, request };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value);
  } catch {
    return false;
  }
}
