import { z } from "zod";
import { isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";
import { momentsOf, tapLatencies } from "../../evidence/request-latencies.ts";
import { requestSpans } from "../../load/latency.ts";
import type { EngineDelta } from "../../metrics/engine-delta.ts";
import type { HistogramConcept } from "../../metrics/profiles/profile.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import { meanOrNull } from "../estimates/paired-means.ts";
import { ratio, sumKnown } from "../estimates/estimate.ts";
import { meanObserved } from "./engine-readings.ts";

/** Why an engine's own mean differs from the tap's in front of it; what each means is in {@link differenceMeanings}. */
const differenceCauses = [
  "not streamed",
  "other requests",
  "held back",
  "outside its clock",
  "not explained",
] as const;
export type DifferenceCause = (typeof differenceCauses)[number];

export const differenceMeanings: Readonly<Record<DifferenceCause, string>> = {
  "not streamed": "the engine counts answers that were not streamed, too; no tap sees their first token",
  "other requests": "the engine counted another number of requests than the tap in front of it",
  "held back":
    "the engine's parser of tool calls or reasoning keeps tokens back until it knows what they are, so a reader gets them late and in fewer pieces",
  "outside its clock":
    "the engine's clock runs from when it has read and tokenized the request to its last token; HTTP and waiting for the server's own processes are outside",
  "not explained": "none of these accounts for it",
};

const meanSchema = z.object({ count: z.number(), ms: z.number().nullable() });

/** One latency of a cell as the engine's histogram has it (sum / count) and as the tap in front of the engine saw it. */
export const besideSchema = z.object({
  metric: z.enum(["ttft", "itl", "e2e"]),
  engine: meanSchema,
  tap: meanSchema,
  /** TTFT: to the first byte. ITL: from the first byte to the end of the body. null where it is no other number. */
  fromFirstByteMs: z.number().nullable(),
  /** Tap minus engine; null where the tap has none. */
  differenceMs: z.number().nullable(),
  /** Empty where the two are within 5 % of each other. */
  causes: z.array(z.enum(differenceCauses)),
});
export type Beside = z.infer<typeof besideSchema>;

/** Share of the engine's mean that needs no cause. */
const alikeShare = 0.05;

interface Mean {
  readonly count: number;
  readonly ms: number | null;
}

/** Rows for what the engine has histograms of; none where it has none or restarted. Means, because those are exact in a histogram. */
export function engineLatencies(
  deltas: readonly (EngineDelta | null)[],
  timings: readonly TapTiming[],
): readonly Beside[] {
  const known = deltas.filter((delta) => delta !== null);
  if (known.length === 0 || known.length < deltas.length) return [];
  const seen = seenAtTap(timings);
  if (seen.requests === 0) return [];
  const engine = {
    ttft: engineMean(known, "timeToFirstToken"),
    itl: engineMean(known, "interTokenLatency"),
    e2e: engineMean(known, "endToEnd"),
  };
  const outsideMs = outsideClockMs(engine.e2e, seen.e2e);
  const rows = [
    ttftRow(engine.ttft, seen, {
      outsideMs,
      scopes: new Set(known.map(({ ttft_scope }) => ttft_scope)),
    }),
    itlRow(engine.itl, seen, { outsideMs, ttft: engine.ttft }),
    e2eRow(engine.e2e, seen),
  ];
  return rows.filter((row) => row !== null);
}

/**
 * How long a request may be outside the engine's clock: no longer than whole requests are, which is known as well as a whole
 * request's time is. 0 where whole requests take no longer at the tap.
 */
function outsideClockMs(engine: Mean | null, tap: Mean): number {
  const difference = differenceOf(engine, tap) ?? 0;
  return difference <= 0 ? 0 : difference + alikeShare * (engine?.ms ?? 0);
}

function engineMean(deltas: readonly EngineDelta[], concept: HistogramConcept): Mean | null {
  const count = sumKnown(deltas.map(({ observed }) => observed[concept].count));
  const seconds = meanObserved(deltas, concept);
  return count === null || seconds === null ? null : { count, ms: seconds * 1000 };
}

type SeenAtTap = ReturnType<typeof seenAtTap>;

function seenAtTap(timings: readonly TapTiming[]) {
  const requests = timings.filter((timing) => timing.hop === "inner" && isGenerationRequest(timing));
  const answered = requests.filter(isAnswered);
  const streamed = answered.filter((timing) => timing.streamed);
  const longer = streamed.filter(({ usage }) => (usage?.completionTokens ?? 0) > 1);
  // As the engine counts: a mean over tokens, not over requests.
  const spaced = longer.filter((timing) => tapLatencies.itl(timing) !== null);
  return {
    requests: requests.length,
    answered: answered.length,
    streamed: streamed.length,
    ttft: meanOf(streamed, tapLatencies.ttft),
    firstByteMs: meanOf(streamed, (timing) => inMs(requestSpans.toFirstByte(momentsOf(timing)))).ms,
    itl: perToken(spaced, (timing) => inMs(requestSpans.betweenTokens(momentsOf(timing)))),
    itlFromFirstByte: perToken(longer, ({ firstByteNs, endedNs }) =>
      firstByteNs === null ? null : (endedNs - firstByteNs) / 1e6,
    ),
    tokensAfterFirst: meanOrNull(longer.map(tokensAfterFirst)) ?? 0,
    keptBackMs: (ttftMs: number) => meanOrNull(streamed.flatMap((timing) => keptBackMs(timing, ttftMs))) ?? 0,
    e2e: meanOf(answered, tapLatencies.e2e),
  };
}

function meanOf(timings: readonly TapTiming[], of: (timing: TapTiming) => number | null): Mean {
  const values = timings.flatMap((timing) => of(timing) ?? []);
  return { count: values.length, ms: meanOrNull(values) };
}

function perToken(timings: readonly TapTiming[], of: (timing: TapTiming) => number | null): Mean {
  const count = timings.reduce((sum, timing) => sum + tokensAfterFirst(timing), 0);
  return { count, ms: ratio(sumKnown(timings.map(of)), count) };
}

function tokensAfterFirst({ usage }: TapTiming): number {
  return (usage?.completionTokens ?? 1) - 1;
}

/**
 * How long the tokens took to be made that came in no chunk of their own, at the pace of this answer behind the engine's time to
 * first token; nothing where the tap did not count chunks.
 */
function keptBackMs(timing: TapTiming, ttftMs: number): readonly number[] {
  const { usage, tokenChunks } = timing;
  if (usage === null || tokenChunks === undefined || usage.completionTokens < 2) return [];
  const tokens = Math.max(0, usage.completionTokens - tokenChunks);
  const made = Math.max(0, tapLatencies.e2e(timing) - ttftMs);
  return [(tokens * made) / tokensAfterFirst(timing)];
}

function inMs(ns: number | null): number | null {
  return ns === null ? null : ns / 1e6;
}

function differenceOf(engine: Mean | null, tap: Mean): number | null {
  return engine?.ms == null || tap.ms === null ? null : tap.ms - engine.ms;
}

/** Whether the head of an answer leaves with the first token, so that parts behind it were kept back: its first byte is then the engine's TTFT. */
function headComesWithToken(engine: Mean | null, { firstByteMs }: SeenAtTap, outsideMs: number): boolean {
  if (engine?.ms == null || firstByteMs === null) return false;
  const late = firstByteMs - engine.ms;
  return late >= -alikeShare * engine.ms && late <= alikeShare * engine.ms + outsideMs;
}

function ttftRow(
  engine: Mean | null,
  seen: SeenAtTap,
  {
    outsideMs,
    scopes,
  }: {
    readonly outsideMs: number;
    readonly scopes: ReadonlySet<EngineDelta["ttft_scope"]>;
  },
): Beside | null {
  if (engine?.ms == null) return null;
  const mixed = !scopes.has("streaming") || scopes.size > 1;
  const causes = new Set<DifferenceCause>();
  const difference = differenceOf(engine, seen.ttft);
  const slack = alikeShare * engine.ms;
  let left = difference ?? 0;
  if (mixed && seen.streamed < seen.answered) causes.add("not streamed");
  else if (engine.count !== seen.streamed) causes.add("other requests");
  const withHead = headComesWithToken(engine, seen, outsideMs);
  // A head that leaves at once does not say when the first token was made; the tokens that came with others do.
  const hidden = withHead ? (seen.ttft.ms ?? 0) - (seen.firstByteMs ?? 0) : seen.keptBackMs(engine.ms);
  if (left > slack && (withHead ? hidden > slack : left > outsideMs && hidden > 0)) {
    causes.add("held back");
    left = Math.max(0, left - hidden);
  }
  if (left > slack && left <= outsideMs + slack) {
    causes.add("outside its clock");
    left = 0;
  }
  return besideOf("ttft", { engine, tap: seen.ttft, fromFirstByteMs: seen.firstByteMs, causes, left });
}

function itlRow(
  engine: Mean | null,
  seen: SeenAtTap,
  { outsideMs, ttft }: { readonly outsideMs: number; readonly ttft: Mean | null },
): Beside | null {
  if (engine?.ms == null) return null;
  const causes = new Set<DifferenceCause>();
  const slack = alikeShare * engine.ms;
  let left = differenceOf(engine, seen.itl) ?? 0;
  const whole = headComesWithToken(ttft, seen, outsideMs) ? seen.itlFromFirstByte.ms : null;
  const keptBack = ttft?.ms == null ? 0 : seen.keptBackMs(ttft.ms);
  if (seen.itl.ms === null) causes.add("not streamed");
  else if (Math.abs(left) > slack && whole !== null && Math.abs(whole - engine.ms) < Math.abs(left)) {
    causes.add("held back");
    left = whole - engine.ms;
  } else if (left < -slack && whole === null && keptBack > 0) {
    causes.add("held back");
    // What a parser keeps back at the beginning is missing in the span over which tokens are seen.
    left = Math.min(0, left + keptBack / seen.tokensAfterFirst);
  }
  if (left > slack && (left - slack) * seen.tokensAfterFirst <= outsideMs) {
    causes.add("outside its clock");
    left = 0;
  }
  return besideOf("itl", { engine, tap: seen.itl, fromFirstByteMs: whole, causes, left });
}

function e2eRow(engine: Mean | null, seen: SeenAtTap): Beside | null {
  if (engine?.ms == null) return null;
  const causes = new Set<DifferenceCause>();
  const difference = differenceOf(engine, seen.e2e) ?? 0;
  if (engine.count !== seen.answered) causes.add("other requests");
  else if (difference > 0) causes.add("outside its clock");
  const left = causes.size > 0 ? 0 : difference;
  return besideOf("e2e", { engine, tap: seen.e2e, fromFirstByteMs: null, causes, left });
}

interface Explained {
  readonly engine: Mean;
  readonly tap: Mean;
  readonly fromFirstByteMs: number | null;
  readonly causes: ReadonlySet<DifferenceCause>;
  /** What the causes leave of the difference. */
  readonly left: number;
}

function besideOf(metric: Beside["metric"], explained: Explained): Beside {
  const { engine, tap, fromFirstByteMs, causes, left } = explained;
  const differenceMs = differenceOf(engine, tap);
  const slack = alikeShare * (engine.ms ?? 0);
  const alike = differenceMs !== null && Math.abs(differenceMs) <= slack;
  const open = Math.abs(left) > slack && !causes.has("not streamed") && !causes.has("other requests");
  return {
    metric,
    engine,
    tap,
    fromFirstByteMs,
    differenceMs,
    causes: alike ? [] : [...causes, ...(open ? (["not explained"] as const) : [])],
  };
}
