import type { WorkspaceTask } from "./task.ts";

/**
 * What an attempt at a task was seen to do, first hand: turns by the driver, tool calls by whoever executed them, files by
 * looking. A score is a pure function of it, so that a stored one is scored again to the same number.
 * Times are monotonic nanoseconds of one clock.
 */
export interface Observation {
  readonly task: WorkspaceTask;
  readonly turns: readonly ObservedTurn[];
  readonly calls: readonly ObservedCall[];
  /** Of validators and checks, in the order of the task, each with what was found. */
  readonly findings: readonly TaskFinding[];
  /** null: it went through; else the workload's word for how it ended, e.g. `timed_out`, `agent_crashed`. */
  readonly crash: string | null;
  readonly tokens: { readonly prompt: number | null; readonly completion: number | null };
  /** Of model requests that the tap saw. */
  readonly modelCalls: number;
  /** Of the turns, without what lies between them. */
  readonly durationMs: number;
  /** Judges' answers by what they were asked for (`layer2`, `layer3`, `clawbench`, or where a finding is); absent: nobody was asked, or nobody answered usably. */
  readonly judgements: Readonly<Record<string, TaskJudgement>>;
  /** Why an answer of a judge is missing, by the same names; what nobody was asked for is in neither. */
  readonly unjudged: Readonly<Record<string, string>>;
}

export interface ObservedTurn {
  readonly message: string;
  /** Final text of the agent; null where it gave none. */
  readonly reply: string | null;
  /** What the agent said in this turn, a message for each answer of its model, in order, the reply last. */
  readonly assistant: readonly ObservedMessage[];
  readonly status: string;
  readonly promptedNs: number;
  readonly endedNs: number;
  /** Files that this turn created or changed, relative, sorted. */
  readonly changedFiles: readonly string[];
}

export interface ObservedMessage {
  /** Empty where the message had nothing but calls. */
  readonly text: string;
  /** How many of the turn's calls it asked for: the first message has the first ones, and so on. */
  readonly calls: number;
}

export interface ObservedCall {
  /** 0-based turn in which it was made. */
  readonly turn: number;
  readonly name: string;
  /** As the model wrote it. */
  readonly argumentsText: string;
  readonly result: string;
  readonly error: boolean;
  readonly startedNs: number;
  readonly endedNs: number;
}

/** One validator, file assertion or execution check, held against the workspace. */
export interface TaskFinding {
  /** Which one: e.g. `outputs[0].validators[1]`, `behavior[0].validators[0]`, `turns[2].validators[0]`, `executionChecks[0]`, `files[1]`, `stateAssertions[0]`. */
  readonly at: string;
  readonly type: string;
  /** Share that holds, 0..1; null: it could not be decided here, with the reason in `detail` (never counted as 0 or 1). */
  readonly value: number | null;
  /** Points by the profile where it has them, e.g. `{earned: 15, possible: 30}`; null where it has none. */
  readonly points: { readonly earned: number; readonly possible: number } | null;
  readonly detail: string;
  /** A finding of a whole check: exit code and the ends of its output. */
  readonly command?: { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };
}

export interface TaskJudgement {
  /** 0..100. */
  readonly score: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly reason: string;
  readonly model: string;
  /** Whether it goes into the score: ClawBench's judge only gives advice unless the experiment says otherwise. */
  readonly counts: boolean;
}
