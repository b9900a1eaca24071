import type { AskedMessage } from "../trainer/trainer.ts";

/** What a model should learn to prefer: a preference file, read and checked. */
export interface Preference {
  /** [a-z0-9_-]; a folder of the run directory has this name. */
  readonly name: string;
  /** Said of every answer of a batch. */
  readonly feedback: string;
  readonly verifier: Verifier;
  readonly pairs: readonly LogprobPair[];
  /** Asked in this order, from the first again after the last. */
  readonly probes: readonly string[];
  /** sha256 of its file. */
  readonly hash: string;
}

export interface LogprobPair {
  readonly prompt: readonly AskedMessage[];
  readonly preferred: string;
  readonly dispreferred: string;
}

/** Says how far one answer follows the preference. */
export interface Verifier {
  /** As preference files name it, e.g. `no_emoji`. */
  readonly kind: string;
  /** What passes, in one sentence. */
  readonly rule: string;
  verify(response: string, context: VerifierContext): Promise<VerifiedAnswer>;
}

export interface VerifierContext {
  readonly prompt: string;
  readonly signal: AbortSignal;
}

export interface VerifiedAnswer {
  /** 0..1; null: nobody could judge (a judge that did not answer). */
  readonly score: number | null;
  readonly passed: boolean | null;
  /** What was found, for people; null where there is nothing to say. */
  readonly detail: string | null;
}
