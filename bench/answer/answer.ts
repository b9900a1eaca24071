/** What the answer of a model server says, whatever form it came in. */
export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  /** In the order in which they began. */
  readonly calls: readonly AnsweredCall[];
  /** Events of a stream that carry text, reasoning or a part of a call. */
  readonly tokenEvents: number;
  /** Id that the server gave its answer. */
  readonly responseId: string | null;
  /** Names of the model and of the server's build, where it gives them. */
  readonly model: string | null;
  readonly fingerprint: string | null;
  /** It has a choice, be it an empty one: the server began to answer. */
  readonly begun: boolean;
  readonly finish: string | null;
  /** null where the answer reports none that is possible. */
  readonly usage: TokenUsage | null;
  /** What the answer reports of its tokens and cannot be; null where there is nothing of that kind. */
  readonly impossibleUsage: string | null;
  /** The error that came in place of the answer or behind a part of it, shortened. */
  readonly error: string | null;
  /** Events that could not be read, whole or in part. None is left out in silence. */
  readonly unreadable: { readonly count: number; readonly first: string | null };
  /** The server said that nothing more comes: `[DONE]`, or the end of an answer in one piece. */
  readonly done: boolean;
  /** Why it is not complete, as it follows "the answer"; null when it is. */
  readonly incomplete: string | null;
  /**
   * Bytes up to the end of the first event with tokens: its line and the first byte that ends it. null for an answer in
   * one piece, which has no first token.
   */
  readonly firstTokenEndByte: number | null;
  readonly lastTokenEndByte: number | null;
}

export interface AnsweredCall {
  /** "" where the server gave none. */
  readonly id: string;
  readonly name: string;
  /** As the model wrote it; serialised where the server sent an object. */
  readonly argumentsText: string;
}

/** Counts that are possible: whole numbers from 0 on. */
export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** null where the engine does not report it: absent is not zero. */
  readonly cachedTokens: number | null;
}
