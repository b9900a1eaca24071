import type { LoopDelay } from "../measure/loop-watch.ts";
import type { TokenUsage } from "../answer/answer.ts";

/**
 * What the load generator is asked to send and what it says about each request. Plain data: it crosses a thread
 * boundary. All `*Ns` are CLOCK_MONOTONIC nanoseconds of this host unless they are called an offset.
 */
export interface LoadPlan {
  /** Where requests go: base URL of the server; a request's path is appended. Only `http:`. */
  readonly url: string;
  readonly sessions: readonly LoadSession[];
  readonly pace: LoadPace;
  /** A request that has not ended by then is aborted, milliseconds after it was sent. */
  readonly timeoutMs: number;
  /**
   * Most requests on the wire at once; a request that is due and finds none free waits, and `intendedNs` says since when.
   * null: as many as are due.
   */
  readonly connectionsMax: number | null;
  /** Facts that cost time and that only some users need. */
  readonly keep: {
    /** The time of every chunk. */
    readonly chunks: boolean;
    /** A hash of the generated text, which needs every event parsed. */
    readonly output: boolean;
  };
}

/** Requests that follow each other strictly: each waits for the end of the one before it. */
export interface LoadSession {
  readonly key: string;
  /** Sent with each of its requests; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requests: readonly LoadRequest[];
}

export interface LoadRequest {
  readonly id: string;
  /** e.g. `/v1/chat/completions` */
  readonly path: string;
  /** JSON text. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Pause after the end of the session's last request (think time, tools); not used for the first one. */
  readonly thinkMs: number;
}

/**
 * `closed`: `users` sessions at a time; as one ends its user begins the next. User k begins `k * staggerMs` after the
 * start. `open`: session k begins `startsNs[k]` after the start whatever else is going on; one entry per session, in
 * ascending order: see bench/load/schedule.ts.
 */
export type LoadPace =
  | { readonly kind: "closed"; readonly users: number; readonly staggerMs: number }
  | { readonly kind: "open"; readonly startsNs: readonly number[] };

/**
 * How a request ended. `completed`: whole answer, status below 400. `http-error`: whole answer, status from 400 on.
 * `incomplete`: whole as HTTP sees it, but an error, given up or without its end (bench/answer/complete.ts).
 * `truncated`: cut after the head. `lost`: sent, and the connection ended before any head. `refused`: no connection. `aborted`: not ended within its time, or the load was
 * stopped.
 */
export const loadOutcomes = [
  "completed",
  "http-error",
  "incomplete",
  "truncated",
  "lost",
  "refused",
  "aborted",
] as const;
export type LoadOutcome = (typeof loadOutcomes)[number];

export interface LoadSample {
  readonly id: string;
  readonly session: string;
  /** Position in its session, from 0. */
  readonly index: number;
  /** When the plan wanted it sent; latencies from here on hide no waiting in the client (no coordinated omission). */
  readonly intendedNs: number;
  /** When it was handed to its socket; null when there was none. Sockets are opened before the load begins. */
  readonly sentNs: number | null;
  /** Head of the answer. */
  readonly firstByteNs: number | null;
  /** Arrival of the first chunk with generated text, reasoning or a tool call; null when the answer is not a stream. */
  readonly firstTokenNs: number | null;
  readonly lastTokenNs: number | null;
  /** Last byte of a whole answer; of any other the end of its body, or when it was known that there is none. */
  readonly endedNs: number;
  readonly status: number | null;
  readonly outcome: LoadOutcome;
  /** What went wrong, for outcomes other than `completed`. */
  readonly error: string | null;
  readonly streamed: boolean;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Chunks of the body that arrived after the first token; token-by-token streaming has many. */
  readonly tokenChunks: number;
  readonly usage: TokenUsage | null;
  readonly finishReason: string | null;
  /** sha256 of generated text, reasoning and tool calls; null unless asked for with `keep.output`. */
  readonly outputSha256: string | null;
  /** Every body chunk as [ns after sentNs, bytes]; null unless asked for with `keep.chunks`. */
  readonly chunks: readonly (readonly [number, number])[] | null;
}

export interface LoadResult {
  readonly startedNs: number;
  readonly endedNs: number;
  /** Planned number of users or, for an open loop, the arrival rate was in force between these two moments. */
  readonly steady: { readonly startNs: number; readonly endNs: number };
  /** In the order in which the requests ended. */
  readonly samples: readonly LoadSample[];
  /** Requests of the plan that were never begun, because the load was stopped. */
  readonly notSent: number;
  readonly timingThread: TimingThread;
}

/** What the thread that took the stamps says about itself. */
export interface TimingThread {
  /** How late its event loop ran, milliseconds: the error of every stamp. null when the load was over before one tick. */
  readonly loopDelayMs: LoopDelay | null;
  /** Share of the time in which it was busy, with requests or with watching the clock for the next due time. */
  readonly busyShare: number;
}
