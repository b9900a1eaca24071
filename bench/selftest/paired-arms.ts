import { loadMetrics } from "../load/latency.ts";
import type { LoadSample, LoadSession } from "../load/load.ts";
import { arrivalOffsetsNs } from "../load/schedule.ts";
import { meanOf } from "../statistics/distribution.ts";
import type { Rng } from "../statistics/rng.ts";
import { blockOrder } from "../statistics/block-order.ts";
import {
  dropReasons,
  pairRequests,
  type PairedBlock,
  type PairedRequest,
} from "../analysis/replay/paired-requests.ts";
import type { SelftestStack, Sender } from "./selftest-stack.ts";
import { undisturbed } from "./undisturbed.ts";

export interface PairedPlan {
  /** Base URLs. */
  readonly baseline: string;
  readonly target: string;
  readonly blocks: number;
  /** Sessions of each of the four legs of a block. */
  readonly sessionsPerLeg: number;
  /** The sessions of one leg; all legs are given the same ones but for their requests' ids, which begin with `label`. */
  readonly sessions: (label: string, count: number) => readonly LoadSession[];
  /** Poisson arrivals of sessions: requests meet the engine at any moment of its steps. */
  readonly sessionsPerSecond: number;
  readonly rng: Rng;
}

export interface PairedOutcome {
  /** Paired as a replay pairs. */
  readonly blocks: readonly PairedBlock[];
  /** Blocks that were measured again, because the hypervisor took the processors meanwhile. */
  readonly repeated: number;
}

/**
 * Share of the processors' time that may be stolen from a block. A machine that stands still for 30 ms in one leg of one
 * block tells nothing of either way, and moves the difference by more than most gateways cost.
 */
export const acceptedStolenShare = 0.01;

const timeoutMs = 20_000;

/**
 * Sends the same requests through two ways in a replay's ABBA blocks. A block before the first opens connections and
 * compiles code; it is not counted.
 */
export async function measurePaired(
  stack: Pick<SelftestStack, "sender" | "processors" | "pauseMs" | "announce">,
  plan: PairedPlan,
): Promise<PairedOutcome> {
  const { sender } = stack;
  await measureBlock(sender, plan, 0);
  const { kept, repeated } = await undisturbed(stack, { times: plan.blocks, acceptedStolenShare }, (at) =>
    measureBlock(sender, plan, at + 1),
  );
  return { blocks: kept, repeated };
}

async function measureBlock(sender: Sender, plan: PairedPlan, block: number): Promise<PairedBlock> {
  const { sessionsPerLeg, sessionsPerSecond, rng } = plan;
  const arrivals = { perSecond: sessionsPerSecond, count: sessionsPerLeg, rng };
  const startsNs = arrivalOffsetsNs({ kind: "poisson" }, arrivals);
  const legs = { baseline: [] as (readonly LoadSample[])[], target: [] as (readonly LoadSample[])[] };
  for (const [position, arm] of blockOrder(["baseline", "target"] as const, block).entries()) {
    const { samples } = await sender.run({
      url: plan[arm],
      sessions: plan.sessions(`${arm}-${block}-${position}`, sessionsPerLeg),
      pace: { kind: "open", startsNs },
      timeoutMs,
      connectionsMax: null,
      keep: { chunks: false, output: false },
    });
    legs[arm].push(samples);
  }
  return pairRequests(legs.baseline, legs.target);
}

/** Requests that each arm was sent and that are in the differences. */
export function pairCount({ blocks }: PairedOutcome): number {
  return blocks.reduce((sum, { paired }) => sum + paired.reduce((all, { arm }) => all + arm.length, 0), 0);
}

/** Requests that are in no difference, with the reasons. */
export function droppedRequests({ blocks }: PairedOutcome): {
  readonly count: number;
  readonly reasons: string;
} {
  const counts = dropReasons.map((reason) => ({
    reason,
    count: blocks.reduce((sum, { dropped }) => sum + dropped[reason], 0),
  }));
  return {
    count: counts.reduce((sum, { count }) => sum + count, 0),
    reasons: counts.flatMap(({ reason, count }) => (count > 0 ? [`${count} ${reason}`] : [])).join(", "),
  };
}

/** Differences target - baseline by block: one for each request, of the means over its turns. */
export function differences(
  { blocks }: PairedOutcome,
  metric: (sample: LoadSample) => number | null,
): readonly (readonly number[])[] {
  return blocks.map(({ paired }) => paired.flatMap((request) => differenceOf(request, metric) ?? []));
}

/** null unless all turns have the value. */
export function differenceOf(
  { baseline, arm }: PairedRequest,
  metric: (sample: LoadSample) => number | null,
): number | null {
  const [before, after] = [meanOfAll(baseline, metric), meanOfAll(arm, metric)];
  return before === null || after === null ? null : after - before;
}

function meanOfAll(
  samples: readonly LoadSample[],
  metric: (sample: LoadSample) => number | null,
): number | null {
  const values = samples.flatMap((sample) => metric(sample) ?? []);
  return values.length === samples.length && values.length > 0 ? meanOf(values) : null;
}

export const latencies = { TTFT: loadMetrics.ttft, E2E: loadMetrics.e2e } as const;
