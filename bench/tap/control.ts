import type { LoopReading } from "../measure/loop-watch.ts";
import type { ExchangeTiming, Hop, InnerEnd } from "../workload/exchange.ts";
import type { BodyDelta } from "./body-delta.ts";

/**
 * Messages between the driver and the tap process, over Node's IPC channel (serialization "advanced").
 * The tap's listeners are fixed at start; everything else is controlled per segment.
 */
export interface TapListenerSpec {
  readonly name: string;
  readonly hop: Hop;
  readonly arm: string;
  /** Where requests go: origin of the next hop, e.g. `http://127.0.0.1:30000`. */
  readonly upstream: string;
  /** Given where a gateway must know the port beforehand; a free one by default. */
  readonly port?: number;
  /** Sent with every request in place of the client's own of that name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Keys that a server may repeat: they pass, and are taken out of what is kept. */
  readonly secrets?: readonly string[];
}

export type TapCommand =
  | { readonly id: number; readonly op: "listen"; readonly listener: TapListenerSpec }
  /** Where `taps.ndjson` and `bodies.ndjson` of the next exchanges go. Sent between segments, when nothing is in flight. */
  | { readonly id: number; readonly op: "open-segment"; readonly directory: string; readonly bodies: boolean }
  | { readonly id: number; readonly op: "close-segment" }
  /** Outer exchanges of one attempt since the last take; waits (up to waitMs) for open ones to end. */
  | { readonly id: number; readonly op: "take"; readonly attemptKey: string; readonly waitMs: number };
export type TapReply =
  | {
      readonly id: number;
      readonly ok: true;
      readonly url?: string;
      readonly segment?: SegmentReport;
      readonly taken?: Taken;
    }
  | { readonly id: number; readonly ok: false; readonly message: string };

/** Sent once per segment, when one of its files can no longer be written. */
export interface TapEvent {
  readonly event: "evidence-failed";
  readonly message: string;
}

export interface Taken {
  readonly exchanges: readonly TakenExchange[];
  /** How requests to the engine ended meanwhile. */
  readonly inner: readonly InnerEnd[];
}

/** An exchange on its way to the driver: the request as a difference to the one before it in the same answer. */
export interface TakenExchange {
  readonly timing: ExchangeTiming;
  readonly request: BodyDelta;
  readonly responseBody: string;
}

/** The tap's report when a segment closes. */
export interface SegmentReport {
  readonly totals: TapTotals;
  readonly connections: TapConnections;
  /** The tap's own event loop while the segment was open: stamps are as late as it ran. */
  readonly loop: LoopReading;
  /** Exchanges that had begun and not ended. They are in no file and no sum, so the segment cannot be reconciled. */
  readonly unfinished: number;
  /** Why `taps.ndjson` or `bodies.ndjson` is incomplete; null when they are whole. The sums are right either way. */
  readonly evidenceError: string | null;
}

/** What became of the connections to a listener's upstream in one segment, per listener name. */
export type TapConnections = Readonly<Record<string, ListenerConnections>>;
export interface ListenerConnections {
  readonly opened: number;
  /** Requests that went over a second one, because the server had closed the first without reading them. */
  readonly sentAgain: number;
}

/** Sums over one segment, per listener name. */
export type TapTotals = Readonly<Record<string, TapListenerTotals>>;
export interface TapListenerTotals {
  /** Every exchange, also those that generate nothing (`GET /v1/models`). */
  readonly requests: number;
  /** Of `requests`, those that ask for tokens: POST to a completions or generate path. */
  readonly generations: number;
  /** Exchanges that ran to their end with a status below 400 and a complete answer; the others are `failed`. */
  readonly completed: number;
  readonly failed: number;
  /** Generations with status 200 whose response carried no usage: then the token sums below are too small. */
  readonly withoutUsage: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  /** Of the exchanges with usage, those that did not say how many tokens were cached. */
  readonly withoutCachedTokens: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}
