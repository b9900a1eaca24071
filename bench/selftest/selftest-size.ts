import type { ArrivalPlan } from "./arrivals.ts";
import type { TimingLevel } from "./client-timing.ts";
import type { DelayPlan } from "./delay-shape.ts";
import type { PairedSize } from "./paired-size.ts";

/** How much a self-test measures. */
export interface Extent {
  readonly timing: readonly TimingLevel[];
  readonly arrivals: readonly Omit<ArrivalPlan, "rng">[];
  readonly taps: PairedSize;
  readonly noDifference: PairedSize & { readonly times: number };
  /** The first one is the fixed delay that the half-width is stated for. */
  readonly delays: readonly { readonly plan: DelayPlan; readonly size: PairedSize }[];
}

/**
 * Requests per second: a working load that leaves the processors of a laptop idle half the time. Above that every request
 * waits for others, and what is measured is the queue. Blocks are short, because what a machine does to itself drifts
 * within a second: legs that lie close together have it in common.
 */
const rate = { sessionsPerSecond: 100 };
const short = { ...rate, sessionsPerLeg: 20 };
const fixed3: DelayPlan = { shape: { kind: "fixed", ms: 3 }, place: "request" };
const others: readonly DelayPlan[] = [
  { shape: { kind: "fixed", ms: 1 }, place: "token" },
  { shape: { kind: "fixed", ms: 2 }, place: "first-byte" },
  { shape: { kind: "uniform", lowMs: 0, highMs: 8 }, place: "request" },
  { shape: { kind: "pareto", scaleMs: 1, tail: 1.5, capMs: 50 }, place: "request" },
  { shape: { kind: "load", baseMs: 1, perRequestMs: 1 }, place: "request" },
  { shape: { kind: "body", baseMs: 0.5, perKilobyteMs: 1 }, place: "request" },
  { shape: { kind: "turn", baseMs: 0.5, perTurnMs: 1 }, place: "request" },
];

/** Six minutes, and up to twenty where measurements have to be repeated. */
export const fullExtent: Extent = {
  timing: [
    { streams: 1, requestsEach: 40, tokens: 16, decodeStepMs: 4 },
    { streams: 64, requestsEach: 5, tokens: 32, decodeStepMs: 20 },
    { streams: 256, requestsEach: 3, tokens: 32, decodeStepMs: 50 },
    { streams: 1024, requestsEach: 2, tokens: 16, decodeStepMs: 200 },
  ],
  arrivals: [
    { arrivals: { kind: "constant" }, perSecond: 50, count: 100, pieces: 8 },
    { arrivals: { kind: "poisson" }, perSecond: 500, count: 1000, pieces: 4 },
  ],
  taps: { sessionsPerSecond: 50, blocks: 20, sessionsPerLeg: 20 },
  noDifference: { ...short, blocks: 8, times: 5 },
  delays: [
    { plan: fixed3, size: { ...short, sessionsPerSecond: 50, blocks: 50 } },
    ...others.map((plan) => ({ plan, size: { ...short, blocks: 14 } })),
  ],
};

/** Shows within half a minute that all of it works; its intervals are wide. */
export const quickExtent: Extent = {
  timing: [{ streams: 64, requestsEach: 2, tokens: 16, decodeStepMs: 20 }],
  arrivals: [
    { arrivals: { kind: "constant" }, perSecond: 100, count: 75, pieces: 2 },
    // Of fewer a fixed seed may draw ones that are themselves outside the limits: of 750 it drew a dispersion of 0.847.
    { arrivals: { kind: "poisson" }, perSecond: 500, count: 1000, pieces: 2 },
  ],
  taps: { sessionsPerSecond: 50, blocks: 8, sessionsPerLeg: 10 },
  noDifference: { ...rate, blocks: 4, sessionsPerLeg: 10, times: 1 },
  delays: [{ plan: fixed3, size: { ...rate, blocks: 4, sessionsPerLeg: 15 } }],
};
