import { isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";
import { tapLatencies } from "../../evidence/request-latencies.ts";
import { summarize } from "../../statistics/distribution.ts";
import type { EngineSample } from "../../store/engine-sample.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import type { Serving } from "../files/step-line.ts";
import { loadAttempt } from "./load.ts";

/** What was seen of one stretch, or of several that belong together. */
export interface SeenServing {
  /** What the tap saw; requests of the load are among it. */
  readonly timings: readonly TapTiming[];
  /** What the server said of itself meanwhile. */
  readonly samples: readonly EngineSample[];
}

/** What a stretch cost whom the service answered meanwhile; null where nobody asked anything. */
export function servingOf(stretches: readonly SeenServing[]): Serving | null {
  const perStretch = stretches.map(({ timings }) =>
    timings.filter((one) => one.attemptKey === loadAttempt && isGenerationRequest(one)),
  );
  const asked = perStretch.flat();
  if (asked.length === 0) return null;
  const answered = asked.filter(isAnswered);
  const seconds = perStretch.reduce((sum, timings) => sum + secondsOf(timings), 0);
  const samples = stretches.flatMap((stretch) => stretch.samples);
  return {
    seconds,
    requests: asked.length,
    failed: asked.length - answered.length,
    ttft_ms: quantiles(answered.map(tapLatencies.ttft)),
    e2e_ms: quantiles(answered.map(tapLatencies.e2e)),
    output_tokens_per_second: tokensPerSecond(answered, seconds),
    queue: {
      running: meanOfKnown(samples.map(({ running }) => running)),
      waiting: meanOfKnown(samples.map(({ queued }) => queued)),
    },
  };
}

/** From the first request to the end of the last answer. */
function secondsOf(timings: readonly TapTiming[]): number {
  if (timings.length === 0) return 0;
  const fromNs = Math.min(...timings.map(({ startedNs }) => startedNs));
  const toNs = Math.max(...timings.map(({ endedNs }) => endedNs));
  return (toNs - fromNs) / 1e9;
}

/** A percentile is null where there are too few requests to support it, as everywhere in Tollgate. */
function quantiles(values: readonly (number | null)[]): Serving["ttft_ms"] {
  const { p50, p95 } = summarize(values.flatMap((value) => value ?? []));
  return { p50, p95 };
}

/** One answer whose tokens are not known makes the sum too small. */
function tokensPerSecond(answered: readonly TapTiming[], seconds: number): number | null {
  const tokens = answered.map(({ usage }) => usage?.completionTokens ?? null);
  if (answered.length === 0 || seconds === 0 || tokens.includes(null)) return null;
  return tokens.reduce((sum: number, count) => sum + (count ?? 0), 0) / seconds;
}

function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
