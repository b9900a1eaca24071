import type { Experiment } from "../config/experiment.ts";
import type { AgentSection, Section, WorkloadSection } from "../config/section.ts";
import type { Exchange } from "./exchange.ts";
import type { UsageTotal } from "./usage-sum.ts";

/**
 * The contract between the driver and a source of work. The driver owns it; `openclaw-tau2/workload.ts` implements it.
 * A workload knows tasks, agents and rewards; it does not know arms, cells or metrics.
 */
export interface Workload<
  Spec extends WorkloadSection = WorkloadSection,
  Agent extends AgentSection = AgentSection,
> {
  readonly specificationVersion: "workload-v2";
  readonly kind: string;
  /** Its part of the experiment file. */
  readonly section: Section;
  /**
   * What a sweep would do. Reads data and leaves nothing running. Throws ConfigError when the experiment cannot work.
   * @param environment the user's; a program that is asked for facts gets of it what programs need
   */
  plan(
    experiment: Experiment<Spec, Agent>,
    environment: Readonly<Record<string, string | undefined>>,
  ): Promise<WorkloadPlan>;
  /** Starts what lives as long as the run (agents, tool server). Throws StartError. */
  prepare(experiment: Experiment<Spec, Agent>, context: WorkloadContext): Promise<PreparedWorkload>;
}

/** What `prepare` may use. Everything in it outlives the prepared workload. */
export interface WorkloadContext {
  readonly runId: string;
  /** For logs that belong to the run directory. */
  readonly logDirectory: string;
  /** For sockets and state that must be gone afterwards; short, because unix socket paths are limited to 107 bytes. */
  readonly scratchDirectory: string;
  /** Every child process must be started with this environment (it carries TOLLGATE_RUN) in a process group of its own. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** Highest number of episodes that will be in flight at once. */
  readonly concurrencyMax: number;
  /** Model name that the agent's requests carry. */
  readonly model: string;
  /** What lasts longer than a run, e.g. compile caches; may be emptied at any time. */
  readonly cacheDirectory: string;
  readonly signal: AbortSignal;
  /** One line for a person who watches; never results. */
  readonly progress: (line: string) => void;
}

export interface WorkloadPlan {
  /** Known before anything runs: plan, progress and resume are exact. */
  readonly episodes: readonly EpisodeTask[];
  readonly agent: { readonly name: string; readonly version: string };
  /** sha256 by input file; equal data is a condition of resume and of an honest comparison. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Other facts for `run.json`: versions, effective reward bases, tasks that were left out and why. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What a person should know before the run, one line each. */
  readonly warnings?: readonly string[];
  /** What a simulated engine needs to play the tasks. */
  readonly taskData: TaskData;
  /** Git commit of the tau2-bench checkout that was read; null where it has none. Absent without a checkout. */
  readonly tau2?: string | null;
  /** What every conversation of the agent begins with, where it is longest; absent where it is not known beforehand. */
  readonly longestPrompt?: { readonly system: string; readonly toolsJson: string };
}

/** Where the tasks are that a simulated engine plays. */
export interface TaskData {
  readonly dataDirectory: string;
  readonly schemasDirectory: string;
  /** Name of the tasks' folder in the data. */
  readonly domain: string;
}

export interface PreparedWorkload extends AsyncDisposable {
  /** Work that would disturb the first cell if it happened inside it (first turns of an agent process). */
  warmUp(context: WarmUpContext): Promise<void>;
  /** Between cells: replaces what wears out. True when a warm-up is due again. Throws StartError. */
  renew(): Promise<boolean>;
  /** Runs one episode. Never throws for a failed episode; what it throws is a bug of the harness and fails the cell. */
  attempt(episode: EpisodeTask, context: AttemptContext): Promise<EpisodeResult>;
  /** Gauges of the agent side since the last call, for the cell's verdict, e.g. event-loop utilisation per process. */
  eventLoopLoad(): Promise<readonly EventLoopLoad[]>;
}

export interface EventLoopLoad {
  readonly process: string;
  /** Share of time the event loop was busy, 0..1; null when it could not be read. */
  readonly eventLoopUtilization: number | null;
}

/** One task in one trial, before it meets a cell. */
export interface EpisodeTask {
  readonly domain: string;
  readonly taskId: string;
  /** 0-based repetition of the task (tau2's word). */
  readonly trial: number;
  readonly seed: number;
}

/** One base URL with a role. `baseUrl` ends in `/v1` and has no trailing slash. */
export interface Endpoint {
  readonly role: "agent" | "user";
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string;
  /** Sent with every request, e.g. `x-tollgate-episode`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface WarmUpContext {
  readonly agent: Endpoint;
  readonly signal: AbortSignal;
}

export interface AttemptContext {
  readonly episodeId: string;
  /** Differs between two attempts of one episode; lower-case [a-z0-9-], usable as a session key. */
  readonly attemptKey: string;
  readonly agent: Endpoint;
  readonly user: Endpoint;
  /** What the outer tap saw for this attempt since the last call, in order of start. Waits for open exchanges to end. */
  readonly takeExchanges: () => Promise<readonly Exchange[]>;
  /** One line of `tools.ndjson`. */
  readonly logToolCall: (line: ToolCallLog) => void;
  readonly signal: AbortSignal;
}

/** One execution of a tool, as the tool server saw it. Times are monotonic nanoseconds. */
export interface ToolCallLog {
  readonly episodeId: string;
  readonly attemptKey: string;
  readonly toolCallId: string | null;
  readonly name: string;
  /** The argument text exactly as the model wrote it. */
  readonly argumentsText: string;
  readonly requestor: "assistant" | "user";
  readonly content: string;
  readonly error: boolean;
  readonly receivedNs: number;
  readonly startedNs: number;
  readonly endedNs: number;
}

/**
 * How an attempt ended. Agent or model failure is a completed episode with reward 0;
 * a crash of engine, gateway, tool server or agent process is `failed` with reward null.
 */
export type EpisodeResult = EpisodeFacts &
  (
    | { readonly status: "completed"; readonly reward: number | null }
    | { readonly status: "failed"; readonly reward: null; readonly failure: Failure }
    | { readonly status: "timed-out"; readonly reward: number | null; readonly afterMs: number }
    | { readonly status: "cancelled"; readonly reward: null }
  );

export interface EpisodeFacts {
  /** tau2's termination reason, e.g. `user_stop`, or null when the episode did not get that far. */
  readonly termination: string | null;
  /** Components of the reward, e.g. ["DB","COMMUNICATE"]; null when nothing was judged. */
  readonly rewardBasis: readonly string[] | null;
  /** The evaluator's full answer, as tau2 would dump it; null when nothing was judged. */
  readonly rewardInfo: unknown;
  readonly steps: number;
  readonly toolCalls: number;
  readonly toolErrors: number;
  readonly labels: readonly string[];
  readonly userUsage: UsageTotal;
  readonly transcript: Transcript;
}

export interface Failure {
  readonly class: FailureClass;
  readonly message: string;
}

/** Whose fault a failed episode is; each class is counted apart in every table. */
export type FailureClass =
  "engine" | "user-engine" | "gateway" | "tool-server" | "agent-process" | "tap" | "harness";

export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** null where the engine does not report it: absent is not zero. */
  readonly cachedTokens: number | null;
}

/** What was said and done, once, in order. `system` and `tools` are what the model must have seen, byte for byte. */
export interface Transcript {
  readonly system: string;
  /** JSON text of the OpenAI `tools` array. */
  readonly tools: string;
  readonly messages: readonly TranscriptMessage[];
}

export interface TranscriptToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export type TranscriptMessage =
  | {
      readonly role: "assistant" | "user";
      readonly content: string | null;
      readonly toolCalls: readonly TranscriptToolCall[] | null;
      /** The model request that produced it; null for the greeting. */
      readonly requestId: string | null;
      readonly usage: TokenUsage | null;
    }
  | {
      readonly role: "tool";
      readonly toolCallId: string;
      readonly content: string;
      readonly error: boolean;
      readonly requestor: "assistant" | "user";
      /** Who answered: the tool server, or the agent program by itself (schema-invalid calls). */
      readonly answeredBy: "tool-server" | "agent";
    };
