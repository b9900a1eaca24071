import type { TranscriptMessage } from "../../bench/transcript/transcript.ts";
import type { AttemptContext, Failure } from "../../bench/workload/workload.ts";
import type { UsageTotal } from "../../bench/workload/usage-sum.ts";
import type { AgentSession } from "../../bench/agent/agent.ts";
import type { Tau2Tools } from "../tools/tau2-tools.ts";
import type { OpenEpisode } from "../../bench/tools/open-episode.ts";

/** Everything one attempt works with; made by the workload, closed by it. */
export interface EpisodeParts {
  readonly open: Pick<
    OpenEpisode<Tau2Tools>,
    "opened" | "limitSignal" | "lost" | "counts" | "addSteps" | "takeLog" | "callUserTool" | "evaluate"
  >;
  readonly session: AgentSession;
  readonly user: SimulatedUser;
  /** Its signal cancels the attempt; it is not a deadline. */
  readonly context: AttemptContext;
  readonly deadline: EpisodeDeadline;
  /** The system message that the agent's model gets, exactly. */
  readonly system: string;
  /** Messages that are there before the first turn: tau2's greeting. */
  readonly prefix: readonly TranscriptMessage[];
  readonly labels: readonly string[];
  readonly limits: { readonly maxSteps: number; readonly maxErrors: number };
}

/** Longest time of an episode: when it is up the episode ends as timed out, which is a result and is not repeated. */
export interface EpisodeDeadline {
  readonly signal: AbortSignal;
  readonly afterMs: number;
}

/** The user side of the conversation. */
export interface SimulatedUser {
  /** The user's next message after this history; a tool call is answered by calling again. Throws ModelError. */
  next(history: readonly TranscriptMessage[], signal: AbortSignal): Promise<UserMessage>;
  usage(): UsageTotal;
}

export type UserMessage = Extract<TranscriptMessage, { readonly role: "assistant" | "user" }>;

/** tau2's reasons for the end of a simulation that Tollgate can produce. */
export type Termination =
  | "user_stop"
  | "max_steps"
  | "too_many_errors"
  | "agent_error"
  | "user_error"
  | "timeout"
  | "infrastructure_error";

/** How the conversation ended: with a reason that tau2 judges, or with a fault that must not be judged. */
export type ConversationEnd =
  | { readonly kind: "ended"; readonly termination: Termination; readonly detail: string | null }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "timed-out"; readonly afterMs: number; readonly detail: string | null }
  | { readonly kind: "cancelled" };

/** What an episode has gathered so far. */
export interface EpisodeDraft {
  readonly messages: TranscriptMessage[];
  readonly labels: Set<string>;
}
