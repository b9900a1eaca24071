import type { FinishReason, ScheduledSequence } from "../scheduling/sequence.ts";
import { type Family, HistogramFamily, type SeriesLabels, ScalarFamily } from "./exposition.ts";
import { endToEndBounds, interTokenBounds, latencyBounds, lengthBounds, retractionBounds } from "./bounds.ts";
import type { MetricTraits } from "./metric-traits.ts";

/** SGLang tells its HTTP process of a request that is not streamed every so many tokens, and at its end. */
const unstreamedInterval = 50;

interface Report {
  /** When the HTTP process last heard of the request. */
  sinceNs: number;
  /** Tokens that it knew of then. */
  tokens: number;
}

const counter = (name: string, help: string) => new ScalarFamily("counter", `sglang:${name}`, help);
const histogram = (name: string, help: string, bounds: readonly number[]) =>
  new HistogramFamily(`sglang:${name}`, help, bounds);

/**
 * What SGLang's HTTP process counts of requests. Token counters move when a request ends. A request that is aborted after it was
 * scheduled counts with the tokens it got, one aborted in the queue does not count. What is counted as aborted are the orders to
 * abort, and one order may be for all requests.
 */
export class RequestMetrics {
  readonly #traits: MetricTraits;
  readonly #labels: SeriesLabels;
  readonly #reports = new WeakMap<ScheduledSequence, Report>();

  readonly #firstToken = histogram(
    "time_to_first_token_seconds",
    "Histogram of time to first token in seconds.",
    latencyBounds,
  );
  readonly #endToEnd = histogram(
    "e2e_request_latency_seconds",
    "Histogram of End-to-end request latency in seconds",
    endToEndBounds,
  );
  readonly #retractions = histogram(
    "num_retractions",
    "Histogram of retraction counts per request.",
    retractionBounds,
  );
  readonly #perToken = histogram(
    "request_time_per_output_token_seconds",
    "Per-request TPOT in seconds: (finished_time - first_token_time) / (completion_tokens - 1).",
    interTokenBounds,
  );
  readonly #promptLength = histogram(
    "prompt_tokens_histogram",
    "Histogram of prompt token length.",
    lengthBounds,
  );
  readonly #computedLength = histogram(
    "uncached_prompt_tokens_histogram",
    "Histogram of uncached (compute) prompt token length.",
    lengthBounds,
  );
  readonly #outputLength = histogram(
    "generation_tokens_histogram",
    "Histogram of generation token length.",
    lengthBounds,
  );
  readonly #interToken = histogram(
    "inter_token_latency_seconds",
    "Histogram of inter-token latency in seconds.",
    interTokenBounds,
  );
  readonly #promptTokens = counter("prompt_tokens_total", "Number of prefill tokens processed.");
  readonly #generationTokens = counter("generation_tokens_total", "Number of generation tokens processed.");
  readonly #requests = counter("num_requests_total", "Number of requests processed.");
  readonly #cachedTokens = counter(
    "cached_tokens_total",
    "Number of cached prompt tokens by source (device/host/storage).",
  );
  readonly #structured = counter("num_so_requests_total", "Number of structured output requests processed.");
  readonly #aborted = counter("num_aborted_requests_total", "Number of requests aborted.");

  constructor(modelName: string, traits: MetricTraits) {
    this.#traits = traits;
    this.#labels = traits.labelsRequests
      ? { engine_type: "unified", model_name: modelName }
      : { model_name: modelName };
  }

  token(scheduled: ScheduledSequence, nowNs: number): void {
    const { sequence, produced } = scheduled;
    const isLast = produced === sequence.outputIds.length;
    if (!sequence.streamed && !isLast && produced % unstreamedInterval !== 0) return;
    this.#report(scheduled, nowNs);
  }

  /** The first report of a request gives its time to first token, every later one the tokens since the one before. */
  #report(scheduled: ScheduledSequence, nowNs: number): void {
    const { sequence, produced, tokenNs } = scheduled;
    const last = this.#reports.get(scheduled);
    this.#reports.set(scheduled, { sinceNs: nowNs, tokens: produced });
    if (last !== undefined) {
      const tokens = produced - last.tokens;
      if (tokens > 0) this.#interToken.observe(this.#labels, (nowNs - last.sinceNs) / 1e9, tokens);
      return;
    }
    const firstNs = this.#traits.seesFirstToken ? (tokenNs[0] ?? nowNs) : nowNs;
    this.#firstToken.observe(this.#streaming(sequence), (firstNs - sequence.arrivalNs) / 1e9);
  }

  /** An abort was sent to the scheduler: of one request, or of all at once. */
  abortSent(): void {
    this.#aborted.add(this.#labels, 1);
  }

  finished(scheduled: ScheduledSequence, finish: FinishReason, nowNs: number): void {
    if (scheduled.prefillStartNs === null) return;
    const { sequence, produced, cachedTokens, tokenNs } = scheduled;
    const promptTokens = sequence.promptIds.length;
    const isCut = finish.type === "abort" && this.#traits.seesFirstToken;
    if (!this.#reports.has(scheduled) && !isCut) this.#report(scheduled, nowNs);
    const labels = this.#streaming(sequence);
    this.#promptTokens.add(labels, promptTokens);
    this.#generationTokens.add(labels, produced);
    this.#requests.add(labels, 1);
    if (cachedTokens > 0) this.#cachedTokens.add({ ...this.#labels, cache_source: "device" }, cachedTokens);
    if (sequence.isStructured === true) this.#structured.add(this.#labels, 1);
    this.#endToEnd.observe(labels, (nowNs - sequence.arrivalNs) / 1e9);
    this.#retractions.observe(this.#labels, 0);
    this.#promptLength.observe(this.#labels, promptTokens);
    this.#computedLength.observe(this.#labels, promptTokens - cachedTokens);
    this.#outputLength.observe(this.#labels, produced);
    const decodeNs = nowNs - (tokenNs[0] ?? nowNs);
    if (finish.type !== "abort" && produced > 1)
      this.#perToken.observe(labels, decodeNs / 1e9 / (produced - 1));
  }

  families(): readonly Family[] {
    const newer = [this.#perToken, this.#promptLength, this.#computedLength, this.#outputLength];
    return [
      this.#firstToken,
      this.#endToEnd,
      ...(this.#traits.tellsLengths ? newer : [this.#retractions]),
      this.#interToken,
      this.#promptTokens,
      this.#generationTokens,
      this.#requests,
      this.#cachedTokens,
      this.#structured,
      this.#aborted,
    ];
  }

  #streaming({ streamed }: ScheduledSequence["sequence"]): SeriesLabels {
    return this.#traits.labelsRequests ? { ...this.#labels, is_streaming: String(streamed) } : this.#labels;
  }
}
