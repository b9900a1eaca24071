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
