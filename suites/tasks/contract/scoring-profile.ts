import type { Observation } from "./observation.ts";

/** A way to score an attempt: pure, so the same observation has the same score for ever. */
export interface ScoringProfile {
  readonly format: "agentbench" | "clawbench";
  /** Changes when a score would; `compare` warns where two runs differ in it. */
  readonly version: string;
  score(observation: Observation): TaskScore;
}

/** What an attempt is worth. */
export interface TaskScore {
  /** 0..1: the composite / 100 of AgentBench, the run score of ClawBench; null: nothing could be scored. */
  readonly value: number | null;
  readonly passed: boolean | null;
  /** By the profile's own names (`layer0`..`layer3`; `completion`, `trajectory`, `behavior`, `judge`), each 0..1; null: missing, with why in `missing`. */
  readonly parts: Readonly<Record<string, number | null>>;
  /** Why a part is missing, by its name. */
  readonly missing: Readonly<Record<string, string>>;
  /** Where each point came from, by the profile's own names: what a person reads who doubts the score. */
  readonly breakdown: Readonly<Record<string, unknown>>;
  /** Who scored: `rules` or `judge`, by part. */
  readonly by: Readonly<Record<string, "rules" | "judge">>;
}
