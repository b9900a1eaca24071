import type { Experiment } from "../config/experiment.ts";
import type { Section, WorkloadSection } from "../config/section.ts";
import type { Exchange } from "./exchange.ts";
import type { AgentDriver, AgentFacts, AgentTools, ToolSupply } from "../agent/agent.ts";
import type { Endpoint } from "../transcript/endpoint.ts";
import type { Transcript } from "../transcript/transcript.ts";
import type { UsageTotal } from "./usage-sum.ts";

/**
 * The contract between the driver and a source of work. The driver owns it; `openclaw-tau2/workload.ts` implements it.
 * A workload knows tasks and rewards, and asks the agent that the experiment names to do them; it does not know arms, cells
 * or metrics.
 */
export interface Workload<Spec extends WorkloadSection = WorkloadSection> {
  readonly specificationVersion: "workload-v2";
  /** Its part of the experiment file. */
  readonly section: Section;
  readonly tools: ToolSupply;
  /** What a sweep would do. Reads data and leaves nothing running. Throws ConfigError when the experiment cannot work. */
  plan(experiment: Experiment<Spec>, context: PlanContext): Promise<WorkloadPlan>;
  /** Starts what lives as long as the run (agents, tool server). Throws StartError. */
  prepare(experiment: Experiment<Spec>, context: WorkloadContext): Promise<PreparedWorkload>;
}

export interface PlanContext {
  readonly agent: AgentFacts;
  /** The user's; a program that is asked for facts gets of it what programs need. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What a run lends for its whole length. */
export interface RunContext {
  readonly runId: string;
  /** For logs that belong to the run directory. */
  readonly logDirectory: string;
  /** For sockets and state that must be gone afterwards; short, because unix socket paths are limited to 107 bytes. */
  readonly scratchDirectory: string;
  /** Every child process must be started with this environment (it carries TOLLGATE_RUN) in a process group of its own. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** The user's; holds the keys that settings name. Nothing of it goes to a child process by itself. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Highest number of episodes that will be in flight at once. */
  readonly concurrencyMax: number;
  /** Model name that the agent's requests carry. */
  readonly model: string;
  readonly engine: ServedModel;
  /** What lasts longer than a run, e.g. compile caches; may be emptied at any time. */
  readonly cacheDirectory: string;
  readonly signal: AbortSignal;
  /** One line for a person who watches; never results. */
  readonly progress: (line: string) => void;
  /** What happens now, for a person who waits: `starting openclaw-0`. Absent: nobody watches. */
  readonly phase?: (text: string) => void;
}

/**
 * The agent's model server itself, past taps and gateways: for what has to be known before the first cell, such as how it
 * counts tokens. What is measured goes through an arm.
 */
export interface ServedModel {
  /** Origin without /v1 and without trailing slash. */
  readonly url: string;
  readonly model: string;
  readonly apiKey: string;
  /** Longest prompt with its answer, in tokens; null where the server does not say. */
  readonly contextLength: number | null;
}

/** What `prepare` may use. Everything in it outlives the prepared workload. */
export interface WorkloadContext extends RunContext {
  readonly agent: AgentFacts;
  /** Starts the agent that the experiment names; the caller disposes of it. null: without tools. Throws StartError. */
  readonly startAgent: (tools: AgentTools | null) => Promise<AgentDriver>;
}

export interface WorkloadPlan {
  /** Known before anything runs: plan, progress and resume are exact. */
  readonly episodes: readonly EpisodeTask[];
  /** sha256 by input file; equal data is a condition of resume and of an honest comparison. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Other facts for `run.json`: versions, effective reward bases, tasks that were left out and why. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What a person should know before the run, one line each. */
  readonly warnings?: readonly string[];
  /** What the tasks ask of a stack. */
  readonly taskData: TaskData;
  /** Of sources that the work comes from, for `run.json`; null where one does not tell. */
  readonly versions?: Readonly<Record<string, string | null>>;
  /** What every conversation of the agent begins with, where it is longest; absent where it is not known beforehand. */
  readonly longestPrompt?: { readonly system: string; readonly toolsJson: string };
  /** Where its scores are more than whether a task passed: reports then show them by task, group and name. */
  readonly scores?: ScoreNames;
  /** How much of its data the plan has; absent: nothing was left out. Every score of a part is shown with it. */
  readonly coverage?: Coverage;
  /** By what tasks differ, for tables and charts, in the order in which they are shown; {@link TaskFacts.axes} has the values. */
  readonly axes?: readonly TaskAxis[];
  /** How many first samples of each way to the engine are looked at: the run stops where none holds an answer (label `no-answer`). */
  readonly smoke?: number;
  /** The k of pass@k: the chance that one of k samples of a problem passes. Each at most the number of trials. */
  readonly passAtK?: readonly number[];
}

/** What of a workload's data a plan has. */
export interface Coverage {
  /** What is counted, e.g. `problems`. */
  readonly of: string;
  readonly selected: number;
  readonly total: number;
  /** Why the others are not there; the counts sum to `total - selected`. */
  readonly excluded: readonly { readonly reason: string; readonly count: number }[];
}

/** A property of tasks: text values are categories, numbers have an order. */
export interface TaskAxis {
  /** Key of {@link TaskFacts.axes}, e.g. `length`. */
  readonly name: string;
  readonly heading: string;
  readonly meaning: string;
}

/** What a workload's scores are called, for those who show them. */
export interface ScoreNames {
  /** How the scores of tasks become one number: every task counts alike, or every group of tasks does. */
  readonly averaged: "tasks" | "groups";
  /** What a score of 1 is shown as. */
  readonly outOf: 1 | 100;
  /** In the order of {@link Scores}, the reward first; an episode may have fewer. */
  readonly names: readonly ScoreName[];
}

export interface ScoreName {
  /** Of a {@link Score}. */
  readonly name: string;
  readonly heading: string;
  readonly meaning: string;
}

export interface TaskData {
  /** Whether somebody is played by a second model. Where not, no user engine is started or asked. */
  readonly needsUserEngine: boolean;
  /** Flags and values of `tollgate simulate` that let a simulated engine play the tasks. */
  readonly simulator: readonly (readonly [flag: string, value: string])[];
  /** Lines for `--policy knowledge`, where no file of them lies ready: whoever starts a simulated engine writes and names one. */
  readonly knowledge?: string;
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
  readonly taskId: string;
  /** 0-based repetition of the task. */
  readonly trial: number;
  readonly seed: number;
  /** What else the task is, for ids, records and exports. */
  readonly facts: TaskFacts;
}

export interface TaskFacts {
  /** The group of tasks, within which a task's id is unique; on disk it has always had this name. */
  readonly domain: string;
  /** Its place on each of the plan's {@link WorkloadPlan.axes}. */
  readonly axes?: Readonly<Record<string, string | number>>;
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
  /** null where the workload needs no user engine. */
  readonly user: Endpoint | null;
  /** What the outer tap saw for this attempt since the last call, in order of start. Waits for open exchanges to end. */
  readonly takeExchanges: () => Promise<readonly Exchange[]>;
  /** One line of `tools.ndjson`. */
  readonly logToolCall: (line: ToolCallLog) => void;
  readonly evidence: EvidenceFolder;
  readonly signal: AbortSignal;
}

/** Where a workload keeps what only it knows about its attempts. Who reads it joins it with records by `attemptKey`. */
export interface EvidenceFolder {
  /** Absolute; the folder of the segment in the run directory. */
  readonly directory: string;
  /**
   * Appends a line of JSON to a file of that folder. Resolves when it is written; lines never mix. After kill -9 the last
   * line may be a part of one, and an attempt may have a line and no record: it did not come to its end.
   */
  append(file: string, line: object): Promise<void>;
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
    | { readonly status: "completed"; readonly scores: Scores }
    | { readonly status: "failed"; readonly failure: Failure }
    | { readonly status: "timed-out"; readonly scores: Scores; readonly afterMs: number }
    | { readonly status: "cancelled" }
  );

/** The first is the reward: what gateways are told, and what decides whether an episode passed. */
export type Scores = readonly [reward: Score, ...others: Score[]];

export interface Score {
  readonly name: string;
  /** 0..1; null: nobody could judge. */
  readonly value: number | null;
  readonly passed: boolean | null;
  /** Names of what the value is made of, e.g. ["DB","COMMUNICATE"]; null when nothing was judged. */
  readonly parts: readonly string[] | null;
  /** The judge's full answer, kept with the trajectory. */
  readonly details: unknown;
}

/** What an episode is worth; null where it failed before anybody could judge it. */
export function rewardOf(result: EpisodeResult): Score | null {
  return "scores" in result ? result.scores[0] : null;
}

export interface EpisodeFacts {
  /** The workload's word for how the work ended, e.g. `user_stop`; null when the episode did not get that far. */
  readonly termination: string | null;
  /** Why it ended so, in words: the agent's own error, or the limit that was reached; null where the word says all. */
  readonly terminationDetail: string | null;
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
  /** The model request that failed, by its `x-tollgate-request`, where it was one. */
  readonly requestId?: string;
}

/** Whose fault a failed episode is; each class is counted apart in every table. */
export type FailureClass =
  "engine" | "user-engine" | "gateway" | "tool-server" | "agent-process" | "tap" | "harness";
