/** One model call as AReaL exports it, without padding. All arrays have one entry per token of prompt and output. */
export interface TensorRow {
  /** AReaL's id of the call; null in v2, which exports none. */
  readonly interactionId: string | null;
  readonly inputIds: readonly number[];
  /** 1 on generated tokens. */
  readonly lossMask: readonly number[];
  /** Log probability (natural log) with which each output token was sampled; 0 on the prompt. */
  readonly logprobs: readonly number[];
  /** Weight version on output tokens, -1 on the prompt. */
  readonly versions: readonly number[];
  /** Discounted return of the call; null where none was exported. */
  readonly reward: number | null;
}
