/** A quantity that Tollgate measures: its one name, its unit, and what exactly is measured. */
export interface MetricDefinition {
  readonly name: string;
  readonly unit: "ms" | "s" | "tokens" | "requests" | "tokens/s" | "requests/s" | "share" | "count";
  readonly definition: string;
}

/**
 * Every measured quantity, by the id that results carry. Tools of the field disagree about most of these words, so a
 * number without its definition cannot be compared.
 */
export const metricDefinitions = {
  ttft: {
    name: "TTFT",
    unit: "ms",
    definition:
      "request head parsed by the tap until the first chunk with generated text, reasoning or a tool call; the role chunk does not count; streamed replies only",
  },
  itl: {
    name: "ITL",
    unit: "ms",
    definition:
      "(last token chunk - first token chunk) / (completion tokens - 1), one value per streamed reply of two tokens or more",
  },
  e2e: {
    name: "E2E",
    unit: "ms",
    definition: "request head parsed by the tap until the last byte of the reply",
  },
  path: {
    name: "path",
    unit: "ms",
    definition: "E2E at the outer tap minus E2E at the inner tap of the same request, arm minus raw",
  },
  engineE2e: {
    name: "engine E2E",
    unit: "s",
    definition:
      "mean of the engine's own end-to-end histogram (sum / count); excludes everything before the engine",
  },
  engineTtft: {
    name: "engine TTFT",
    unit: "s",
    definition:
      "mean of the engine's own histogram (sum / count), from request creation in the engine, queue included; streamed requests where the engine tells",
  },
  queueTime: {
    name: "queue",
    unit: "s",
    definition: "mean of the engine's own queue-time histogram (sum / count)",
  },
  inputThroughput: {
    name: "input tok/s",
    unit: "tokens/s",
    definition: "increase of the engine's prompt-token counter (cached tokens included) over the wall clock",
  },
  outputThroughput: {
    name: "output tok/s",
    unit: "tokens/s",
    definition: "increase of the engine's generated-token counter over the wall clock",
  },
  requestThroughput: {
    name: "requests/s",
    unit: "requests/s",
    definition: "requests that finished at the engine over the wall clock",
  },
  cacheHit: {
    name: "cache hit",
    unit: "share",
    definition: "cached prompt tokens / prompt tokens, both from counters; never the engine's gauge",
  },
  inFlight: {
    name: "in flight",
    unit: "requests",
    definition: "requests present at the outer tap, averaged over the time of the window",
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricId = keyof typeof metricDefinitions;
