import type { EpisodeRecord } from "../../../bench/store/record.ts";
import type { StoredAttempt } from "../attempts/attempt-line.ts";

/** Every task once, through one arm at one load: what the original harnesses call a run. */
export interface TaskTrial {
  readonly cell: TrialCell;
  /** 0-based. */
  readonly trial: number;
  /** Of its first attempt. */
  readonly startedAt: Date;
  readonly wallMs: number;
  readonly tasks: readonly TriedTask[];
}

export interface TrialCell {
  readonly cellId: string;
  readonly arm: string;
  readonly load: string;
  readonly repetition: number;
}

/** The attempt at a task that counts. */
export interface TriedTask {
  readonly record: EpisodeRecord;
  /** null: the run kept no line of it. */
  readonly attempt: StoredAttempt | null;
}

/** What is the same for all trials of a run. */
export interface TriedRun {
  readonly runId: string;
  readonly experiment: string;
  readonly agent: { readonly name: string; readonly version: string };
  readonly model: string;
  readonly simulated: boolean;
  /** Which of the suite's tasks were asked for. */
  readonly selection: TaskSelection;
}

export interface TaskSelection {
  readonly fast: boolean;
  readonly suite: readonly string[];
  readonly task: readonly string[];
  readonly tier: readonly string[];
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
