import type { Endpoint, TranscriptMessage } from "../workload/workload.ts";

/**
 * An agent program that takes part in an episode. Two implementations: `openclaw/` (the real agent, in gateway
 * processes) and `native/` (tau2's own LLM agent loop, in-process). Both send their model requests through the outer
 * tap and their tool calls to the tool server, so the transcript is built the same way for both.
 */
export interface AgentDriver extends AsyncDisposable {
  readonly name: "openclaw" | "native";
  readonly version: string;
  openSession(request: AgentSessionRequest): Promise<AgentSession>;
  /** Between cells: starts worn processes anew. True when some are cold now and want a warm-up. Absent: nothing wears. */
  renew?(): Promise<boolean>;
  /** Event-loop utilisation of each agent process since the last call; null where it cannot be read. */
  eventLoopLoad(): Promise<
    readonly { readonly process: string; readonly eventLoopUtilization: number | null }[]
  >;
  /** Rejects with `AgentProcessError` when an agent process died; never resolves. */
  readonly died: Promise<never>;
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
  /** Messages that precede the first user turn, e.g. tau2's fixed greeting. */
  readonly greeting: string | null;
  /** A conversation that the task begins with, in place of the greeting. Only `native` can be given one. */
  readonly history?: readonly TranscriptMessage[];
  /** Whether the workload's tools can read a text as arguments; where they cannot, the model has failed. */
  readonly acceptsArguments: (text: string) => boolean;
  readonly turnTimeoutMs: number;
}

export interface AgentSession extends AsyncDisposable {
  /** Delivers one user message and runs the agent until it answers with text. Never throws for an agent or model failure. */
  turn(text: string, signal: AbortSignal): Promise<AgentTurn>;
  /** Requests whose bytes could not be restored to what tau2 would send; 0 when everything was exact. */
  promptMisses(): number;
}

export type AgentTurn =
  | { readonly status: "answered"; readonly text: string }
  /** The agent or the model failed: reward 0. `kind` is the agent's own word, e.g. `context_overflow`, `incomplete_turn`. */
  | { readonly status: "agent-error"; readonly kind: string; readonly message: string }
  /** The model endpoint failed (HTTP status, dropped stream): the episode fails with class engine or gateway. */
  | { readonly status: "model-unavailable"; readonly message: string }
  | { readonly status: "timed-out"; readonly afterMs: number }
  | { readonly status: "aborted" }
  /** The agent's own process is gone: the episode fails with class agent-process. */
  | { readonly status: "process-died"; readonly message: string };
