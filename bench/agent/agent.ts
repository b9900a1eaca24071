import type { AgentSection, Section } from "../config/section.ts";
import { TollgateError } from "../errors.ts";
import type { Invocation } from "../sandbox/sandbox.ts";
import type { Endpoint } from "../transcript/endpoint.ts";
import type { TranscriptMessage } from "../transcript/transcript.ts";

/**
 * The contract between workloads and a kind of agent: `openclaw/` (the real agent, in gateway processes), `native/` (a bare
 * loop of model and tools in this process), `chat/` (one request an episode). An agent knows no workload. All send their
 * model requests through the outer tap and their tool calls to the tool server, so transcripts are built the same way.
 */
export interface Agent<Spec extends AgentSection = AgentSection> {
  readonly specificationVersion: "agent-v1";
  /** Its part of the experiment file. */
  readonly section: Section;
  /** What a plan may know, for work with such tools. Starts nothing. Throws ConfigError when the agent is not installed. */
  describe(spec: Spec, tools: ToolSupply): AgentFacts;
  /** Starts what lives as long as the run. Throws StartError; nothing is left running then. */
  start(spec: Spec, context: AgentContext): Promise<AgentDriver>;
}

/**
 * What the tasks of a workload are done with: `none`; `served`: tools that agents call through a tool server that the workload
 * starts; `workspace`: the agent's own tools in a workspace, or served ones that do the same where an agent has none of its own;
 * `calls`: as `served`, and an agent that asks its model once will do, because calls are judged, too.
 */
export type ToolSupply = "none" | "served" | "workspace" | "calls";

export interface AgentFacts {
  readonly name: string;
  readonly version: string;
  /** exact: the model sees what the workload sends, byte for byte; stock: the agent writes prompts of its own. */
  readonly prompt: "exact" | "stock";
  /** True where the agent calls the workload's tools; it then learns of its sessions from the tool server. */
  readonly usesTools: boolean;
  /** True where it asks its model once: the calls of that answer are made, and the model never sees what came of them. */
  readonly oneRequest?: true;
  /** Tools that it brings itself and that work in a session's workspace; empty where it has none. */
  readonly ownTools: readonly string[];
  /** Programs that its tool `browser` needs in the sandbox; absent where it has none, or works elsewhere. */
  readonly browserPrograms?: readonly string[];
  /**
   * Where workspaces must lie for the agent to see them, which runs elsewhere and has no sandbox of ours; absent: anywhere, because
   * it runs here.
   */
  readonly workspaceRoot?: string;
  /** True where the agent brings instructions of its own: a system message then holds the task's policy and no more. */
  readonly ownInstruction: boolean;
  /** Whether a session can begin with a conversation. */
  readonly takesHistory: boolean;
}

/** What `start` may use. Everything in it outlives the agent. */
export interface AgentContext {
  /** For sockets and state; short, because unix socket paths are limited to 107 bytes. */
  readonly scratchDirectory: string;
  readonly logDirectory: string;
  readonly cacheDirectory: string;
  /** The whole environment of child processes; carries PATH and TOLLGATE_RUN. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** The user's; holds the keys that settings name. Nothing of it goes to a child process by itself. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Highest number of sessions that will be open at once. */
  readonly concurrencyMax: number;
  readonly model: string;
  /** Tokens. */
  readonly contextWindow: number;
  /** Tokens. */
  readonly maxTokens: number;
  /** Longest time of one model request, and of one tool call. */
  readonly callTimeoutMs: number;
  readonly turnTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly tools: AgentTools | null;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  /** What happens now, for a person who waits: `starting openclaw-0`. Absent: nobody watches. */
  readonly phase?: (text: string) => void;
}

/** Where the workload's tools are called. */
export interface AgentTools {
  readonly fleetToken: string;
  /** Unix socket paths or `host:port`; those of a tool server stay the same as long as it lives. */
  readonly sockets: readonly string[];
  /** Union of the tool names of all sessions. */
  readonly names: readonly string[];
  /** The agent's own tools that it may use, where its sessions have a workspace; of `AgentFacts.ownTools`. */
  readonly own?: readonly string[];
}

/** Where an agent's own tools work: files are those of the workspace, commands run inside its sandbox. */
export interface AgentWorkspace {
  /** As commands inside see it. */
  readonly directory: string;
  /** The same folder on this machine. */
  readonly hostDirectory: string;
  /** A program that runs the command that follows its arguments inside. */
  readonly enter: Invocation;
  /** Absent: the session has none. Of an agent whose `ownTools` have one; `network`: whether its pages have this machine's. */
  readonly browser?: { readonly network: boolean };
}

/** One execution of an agent's own tool, as the agent program told of it when it happened. Times are monotonic nanoseconds. */
export interface OwnToolCall {
  readonly toolCallId: string | null;
  readonly name: string;
  readonly argumentsText: string;
  /** The result as the model sees it. */
  readonly content: string;
  readonly error: boolean;
  readonly startedNs: number;
  readonly endedNs: number;
}

/** A kind of agent that was started. */
export interface AgentDriver extends AsyncDisposable {
  openSession(request: AgentSessionRequest): Promise<AgentSession>;
  /**
   * Runs one turn in every process, because the first one loads code for seconds. `open` makes the tool server know a
   * session with that key. Resolves with how the turns ended. Absent: nothing is cold.
   */
  warmUp?(
    open: (attemptKey: string) => Promise<AgentSessionRequest>,
    signal: AbortSignal,
  ): Promise<readonly AgentTurn[]>;
  /** Between cells: starts worn processes anew. True when some are cold now and want a warm-up. Absent: nothing wears. */
  renew?(): Promise<boolean>;
  /** Event-loop utilisation of each agent process since the last call; null where it cannot be read. */
  eventLoopLoad(): Promise<
    readonly { readonly process: string; readonly eventLoopUtilization: number | null }[]
  >;
}

/** No process of the agent is left that could serve a session. */
export class AgentProcessError extends TollgateError {
  readonly code = "TOLLGATE_AGENT_PROCESS";
}

export interface AgentSessionRequest {
  readonly episodeId: string;
  /** Key of the session, lower-case [a-z0-9-]; registered at the tool server before this is called. */
  readonly attemptKey: string;
  readonly endpoint: Endpoint;
  /** What the tool server answers to `session` for this key. */
  readonly sampling: Readonly<Record<string, number>>;
  readonly system: string;
  readonly tools: string;
  /** Messages that precede the first user turn, e.g. a fixed greeting. */
  readonly greeting: string | null;
  /** A conversation that the task begins with, in place of the greeting. Only `native` can be given one. */
  readonly history?: readonly TranscriptMessage[];
  /** Whether the workload's tools can read a text as arguments; where they cannot, the model has failed. */
  readonly acceptsArguments: (text: string) => boolean;
  readonly turnTimeoutMs: number;
  /** Where the agent's own tools work; absent where it may use none. */
  readonly workspace?: AgentWorkspace;
}

export interface AgentSession extends AsyncDisposable {
  /** Delivers one user message and runs the agent until it answers with text. Never throws for an agent or model failure. */
  turn(text: string, signal: AbortSignal): Promise<AgentTurn>;
  /** Requests whose bytes could not be restored to what the workload would send; 0 when everything was exact. */
  promptMisses(): number;
  /** What the agent's own tools did since the last call, in order of start. Absent: it has none. */
  takeOwnCalls?(): readonly OwnToolCall[];
}

export type AgentTurn =
  | { readonly status: "answered"; readonly text: string }
  /** The agent or the model failed: reward 0. `kind` is the agent's own word, e.g. `context_overflow`, `incomplete_turn`. */
  | ({ readonly status: "agent-error"; readonly kind: string } & FailedRequest)
  /** The model endpoint failed (HTTP status, dropped stream): the episode fails with class engine or gateway. */
  | ({ readonly status: "model-unavailable" } & FailedRequest)
  | { readonly status: "timed-out"; readonly afterMs: number }
  | { readonly status: "aborted" }
  /** The agent's own process is gone, or refuses what has nothing to do with the model: the episode fails with class agent-process. */
  | { readonly status: "process-died"; readonly message: string };

interface FailedRequest {
  readonly message: string;
  /** The model request that failed, by its `x-tollgate-request`; absent where it was none, or is not known. */
  readonly requestId?: string;
}
