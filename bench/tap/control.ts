import type { Exchange, Hop } from "../workload/exchange.ts";

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
      readonly totals?: TapTotals;
      readonly exchanges?: readonly Exchange[];
    }
  | { readonly id: number; readonly ok: false; readonly message: string };

/** Sums over one segment, per listener name. */
export type TapTotals = Readonly<Record<string, TapListenerTotals>>;
export interface TapListenerTotals {
  readonly requests: number;
  readonly completed: number;
  readonly failed: number;
  /** Exchanges with status 200 whose response carried no usage: then the token sums below are too small. */
  readonly withoutUsage: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}
