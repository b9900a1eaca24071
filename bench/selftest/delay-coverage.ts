import { createRng } from "../measure/rng.ts";
import { chatSessions } from "./chat-sessions.ts";
import { checkRow, type CheckRow } from "./check-row.ts";
import { shapeText, type DelayPlace, type DelayShape } from "./delay-shape.ts";
import { measurePaired, type PairedOutcome } from "./paired-arms.ts";
import { compareWithTruth, halfWidthMs, type CoverageCase } from "./paired-estimate.ts";
import type { PairedSize } from "./paired-size.ts";
import { startDelayGateway, type DelayGatewayProcess, type Rig } from "./rig.ts";

export interface DelayCase {
  readonly shape: DelayShape;
  readonly place: DelayPlace;
}

export interface DelayOutcome {
  readonly cases: readonly CoverageCase[];
  readonly outcome: PairedOutcome;
}

/**
 * The paired estimate of a gateway whose delay is known afterwards. Baseline and target are two ways through the same
 * process, one of which waits: what a hop costs anyway is in both, so the truth is the waiting alone.
 */
export async function measureDelay(
  rig: Rig,
  engineUrl: string,
  options: DelayCase & { readonly size: PairedSize; readonly seed: number },
): Promise<DelayOutcome> {
  const { shape, place, seed } = options;
  await using gateway = await startDelayGateway(rig, { upstream: engineUrl, shape, place, seed });
  const outcome = await sendThrough(rig, gateway, options);
  const name = `${shapeText(shape)}${place === "request" ? "" : `, at ${place}`}`;
  const cases = compareWithTruth(name, outcome, await gateway.truth());
  return { cases, outcome };
}

/** Bodies of unlike sizes and conversations of several turns, so that every shape has what it depends on. */
function sendThrough(
  { sender }: Rig,
  { nullUrl, delayedUrl }: Pick<DelayGatewayProcess, "nullUrl" | "delayedUrl">,
  { shape, size, seed }: { readonly shape: DelayShape; readonly size: PairedSize; readonly seed: number },
): Promise<PairedOutcome> {
  const turns = shape.kind === "turn" ? 4 : 1;
  const messageChars = (session: number) => (shape.kind === "body" ? 200 + (session % 10) * 400 : 200);
  return measurePaired(sender, {
    baseline: nullUrl,
    target: delayedUrl,
    blocks: size.blocks,
    sessionsPerLeg: Math.ceil(size.sessionsPerLeg / turns),
    sessionsPerSecond: size.sessionsPerSecond / turns,
    rng: createRng(seed),
    sessions: (label, count) =>
      chatSessions(`delay${seed}-${label}`, count, { turns, messageChars, outputTokens: 4 }),
  });
}

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
