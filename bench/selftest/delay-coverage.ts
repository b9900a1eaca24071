import { createRng } from "../statistics/rng.ts";
import { chatSessions } from "./chat-sessions.ts";
import { checkRow, type CheckRow } from "./check-row.ts";
import type { DelayPlan } from "./delay-shape.ts";
import { measurePaired, type PairedOutcome } from "./paired-arms.ts";
import { compareWithTruth, halfWidthMs, type CoverageCase } from "./paired-estimate.ts";
import type { PairedSize } from "./paired-size.ts";
import { startDelayGateway, type SelftestStack } from "./selftest-stack.ts";

export interface DelayMeasurement {
  readonly cases: readonly CoverageCase[];
  readonly outcome: PairedOutcome;
}

/**
 * The paired estimate of a gateway whose delay is known afterwards. Baseline and target are two ways through the same
 * process, one of which waits: what a hop costs anyway is in both, so the truth is the waiting alone.
 */
export async function measureDelay(
  stack: SelftestStack,
  engineUrl: string,
  options: { readonly plan: DelayPlan | null; readonly size: PairedSize; readonly seed: number },
): Promise<DelayMeasurement> {
  const { plan, seed, size } = options;
  await using gateway = await startDelayGateway(stack, { upstream: engineUrl, plan, seed });
  const outcome = await measurePaired(stack, {
    baseline: gateway.nullUrl,
    target: gateway.delayedUrl,
    blocks: size.blocks,
    sessionsPerLeg: Math.ceil(size.sessionsPerLeg / turns),
    sessionsPerSecond: size.sessionsPerSecond / turns,
    rng: createRng(seed),
    sessions: (label, count) => chatSessions(`delay${seed}-${label}`, count, conversations),
  });
  const truth = await gateway.truth();
  return { cases: compareWithTruth(truth.plan, outcome, truth.byRequest), outcome };
}

const turns = 2;
/**
 * Bodies of unlike sizes and conversations of several turns, so that every delay has what it depends on. The pause lets
 * the engine finish with a turn before the next one comes: without it a delay would hide that work and seem shorter.
 */
const conversations = {
  turns,
  messageChars: (session: number) => 200 + (session % 8) * 300,
  outputTokens: 4,
  thinkMs: () => 15,
};

/** How many estimates missed what the gateway really did. */
export function missesRow(cases: readonly CoverageCase[]): CheckRow {
  const missed = cases.filter(({ covered }) => !covered);
  return checkRow({
    id: "coverage-misses",
    what: `intervals that miss the gateway's log, of ${cases.length}`,
    value: cases.every(({ truthMs }) => truthMs === null) ? null : missed.length,
    unit: "",
    detail: missed.map(({ name, metric }) => `${metric} ${name}`).join("; ") || "none",
  });
}

/** Pairs that the limit of the half-width speaks of. */
const halfWidthPairs = 2000;

/** What the pairs at hand resolve; held against its limit only where they are as many as that says. */
export function halfWidthRow(one: CoverageCase): CheckRow {
  return checkRow({
    id: one.pairs >= halfWidthPairs ? "half-width-fixed" : "half-width",
    what: `half-width of the interval, ${one.metric}, ${one.name}`,
    value: halfWidthMs(one),
    unit: "ms",
    detail: `${one.pairs} pairs in ${one.interval?.units ?? 0} blocks`,
  });
}
