import type { AskedMessage } from "../trainer/trainer.ts";
import type { Verifier } from "../verifiers/verifier.ts";

/** What a model should learn to prefer: a preference file, read and checked. */
export interface Preference {
  /** [A-Za-z0-9_-]; a folder of the run directory has this name. */
  readonly name: string;
  /** Said of every answer of a batch. */
  readonly feedback: string;
  readonly verifier: Verifier;
  readonly pairs: readonly LogprobPair[];
  /** Asked in this order, from the first again after the last. */
  readonly probes: readonly string[];
  /** sha256 of its file. */
  readonly hash: string;
  /** Where it was read; of a shipped one, where that lies. */
  readonly file: string;
}

export interface LogprobPair {
  readonly prompt: readonly AskedMessage[];
  readonly preferred: string;
  readonly dispreferred: string;
}
