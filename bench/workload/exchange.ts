import type { TokenUsage } from "../answer/answer.ts";

/** One HTTP exchange as a tap saw it. All `*Ns` are CLOCK_MONOTONIC nanoseconds, comparable between processes of one host. */
export interface Exchange extends ExchangeTiming {
  /** Request and response bodies as text, exactly as they went over the wire (response: after transfer decoding). */
  readonly requestBody: string;
  readonly responseBody: string;
  /** What the inner tap saw of the same request, in order of start; absent where nobody looked, and where it saw nothing. */
  readonly inner?: readonly MatchedInnerEnd[];
}

/** How a request to the engine ended, and what helps to find the agent's request that it was made for. */
export interface InnerEnd extends Pick<
  ExchangeTiming,
  "requestId" | "status" | "outcome" | "error" | "startedNs" | "endedNs" | "finishReason" | "responseBytes"
> {
  readonly incomplete: string | null;
  /** Its answer has neither text nor a call. */
  readonly silent: boolean;
  /**
   * For a request that a gateway has sent without identity: the conversation that it asks (`questionOf`), and whether no
   * other request of the arm was open when it began. null for one with identity.
   */
  readonly owner: { readonly question: string | null; readonly alone: boolean } | null;
}

export interface MatchedInnerEnd extends InnerEnd {
  /** False where the gateway passed no identity on, and it may have been made for another request of that time. */
  readonly certain: boolean;
}

/** `outer`: agent -> arm. `inner`: gateway (or raw outer tap) -> engine. `user`: harness -> user engine. */
export type Hop = "outer" | "inner" | "user";

/** One line of `taps.ndjson`. */
export interface ExchangeTiming {
  readonly v: 1;
  readonly hop: Hop;
  readonly arm: string;
  /** Taken from `x-tollgate-request`; a tap's own number where the header is absent. */
  readonly requestId: string;
  /** From `x-tollgate-episode`; null where the gateway did not propagate it. */
  readonly episodeId: string | null;
  /** From `x-tollgate-attempt`. */
  readonly attemptKey: string | null;
  readonly method: string;
  readonly path: string;
  /** null when no status line came back. */
  readonly status: number | null;
  readonly outcome: "completed" | "client-aborted" | "upstream-failed" | "upstream-truncated";
  /** What went wrong, for the outcomes that are not `completed`. */
  readonly error: string | null;
  readonly streamed: boolean;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Request head parsed by the tap. */
  readonly startedNs: number;
  /** Last byte of the request body received. */
  readonly requestEndNs: number;
  /**
   * When it was sent again, over a new connection, because the server had closed the one before without reading it, and how
   * that showed. Absent for all others, and in runs of an older Tollgate.
   */
  readonly sentAgain?: { readonly atNs: number; readonly error: string };
  /** First byte of the response head from upstream. */
  readonly firstByteNs: number | null;
  /** First chunk that carries generated text, reasoning or a tool call; the role chunk does not count. */
  readonly firstTokenNs: number | null;
  /** Last chunk that carries generated text, reasoning or a tool call. */
  readonly lastTokenNs: number | null;
  /** End of the response body. */
  readonly endedNs: number;
  /** Every body chunk as [ns after startedNs, bytes]. */
  readonly chunks: readonly (readonly [number, number])[];
  /** Token counts from the response's `usage`; null when the response carried none that is possible. */
  readonly usage: TokenUsage | null;
  /** What the response reports of its tokens and cannot be, the first of it; absent where there is nothing of that kind. */
  readonly impossibleUsage?: string;
  /** Chunks of the body from the one with the first token to the one with the last; absent in runs of an older Tollgate. */
  readonly tokenChunks?: number;
  readonly finishReason: string | null;
  /**
   * Why the answer is not complete (`whyIncomplete`), as it follows "the answer"; null when it is. Absent where the request
   * is no generation or was not answered with 200, and in runs of an older Tollgate.
   */
  readonly incomplete?: string | null;
  /** Events of the answer that could not be read, whole or in part, and the first of them. Absent as `incomplete` is. */
  readonly unreadable?: { readonly count: number; readonly first: string | null };
}

/** Headers that carry identity from the agent through every hop that forwards headers. */
export const identityHeaders = {
  request: "x-tollgate-request",
  episode: "x-tollgate-episode",
  attempt: "x-tollgate-attempt",
} as const;

/** A request for generated text, as opposed to `/v1/models` and the like. */
export function isGenerationRequest({ method, path }: Pick<ExchangeTiming, "method" | "path">): boolean {
  return method === "POST" && /\/(?:completions|generate|responses)(?:\?|$)/.test(path);
}
