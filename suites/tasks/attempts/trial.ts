import type { RecordedAttempt } from "./read-attempts.ts";

/** Every task once, through one arm at one load: what the original harnesses call a run. */
export interface TaskTrial {
  readonly cell: TrialCell;
  /** 0-based. */
  readonly trial: number;
  /** Of its first attempt. */
  readonly startedAt: Date;
  /** From the first start to the last end; null where they are of different calls, between which time stood still. */
  readonly wallMs: number | null;
  readonly tasks: readonly RecordedAttempt[];
}

export interface TrialCell {
  readonly cellId: string;
  readonly arm: string;
  readonly load: string;
  readonly repetition: number;
}

/** What is the same for all trials of a run. */
export interface TriedRun {
  readonly runId: string;
  readonly experiment: string;
  readonly createdAt: string;
  readonly agent: { readonly name: string; readonly version: string };
  readonly model: string;
  readonly simulated: boolean;
  /** Which of the suite's tasks were asked for. */
  readonly selection: AskedTasks;
}

export interface AskedTasks {
  readonly fast: boolean;
  readonly suite: readonly string[];
  readonly task: readonly string[];
  readonly tier: readonly number[];
}

/** What serving a cell's work cost, and what its arm added; each null where it is not known. */
export interface ServingCost {
  readonly ttftMsP50: number | null;
  readonly e2eMsP50: number | null;
  /** What the arm adds to a request on its way; null: it is the baseline, or the run has none. */
  readonly overheadMs: {
    readonly against: string;
    readonly firstToken: Bounded | null;
    readonly whole: Bounded | null;
  } | null;
}

export interface Bounded {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}
