import type { RadixLock } from "./radix-cache.ts";

/** Why a sequence ended, in the words of SGLang's `finish_reason`. */
export type FinishReason =
  | { readonly type: "stop"; readonly matched: number | string }
  | { readonly type: "length"; readonly length: number }
  | { readonly type: "abort"; readonly message: string };

/** One request as the scheduler sees it: the tokens are known beforehand, the scheduler only decides when they exist. */
export interface Sequence {
  readonly id: string;
  readonly promptIds: Int32Array;
  /** Nothing of the prompt comes from the cache. */
  readonly computesWholePrompt?: boolean;
  readonly outputIds: Int32Array;
  readonly finish: FinishReason;
  readonly streamed: boolean;
  /** Its output is held to a grammar. */
  readonly isStructured?: boolean;
  /** false for health probes, which SGLang keeps out of its request metrics. */
  readonly counted: boolean;
  /** Monotonic ns at which the server had read the request. */
  readonly arrivalNs: number;
  /** Called for every new token; `count` is the number of tokens so far. */
  readonly onToken: (count: number, nowNs: number) => void;
  /** Called once, after the last token or instead of it. */
  readonly onFinish: (finish: FinishReason, nowNs: number) => void;
}

/** Scheduler state of a sequence. */
export interface ScheduledSequence {
  readonly sequence: Sequence;
  /** null while it waits. */
  prefillStartNs: number | null;
  cachedTokens: number;
  /** Prompt tokens that still have to be computed. */
  prefillRemaining: number;
  produced: number;
  lastTokenNs: number;
  /** Tokens of the pool set aside for it. */
  reservedTokens: number;
  lock: RadixLock | null;
  /** Monotonic ns of every token. */
  readonly tokenNs: number[];
  ended: boolean;
}

export function schedule(sequence: Sequence): ScheduledSequence {
  return {
    sequence,
    prefillStartNs: null,
    cachedTokens: 0,
    prefillRemaining: 0,
    produced: 0,
    lastTokenNs: 0,
    reservedTokens: 0,
    lock: null,
    tokenNs: [],
    ended: false,
  };
}
