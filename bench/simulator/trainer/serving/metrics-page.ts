import { HistogramFamily, ScalarFamily, writeExposition } from "../../exposition/exposition.ts";
import type { Turns } from "./turns.ts";

const secondsBounds = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40,
  60,
];

/** An answer that has ended, for the page. */
export interface ServedAnswer {
  readonly promptTokens: number;
  readonly tokens: number;
  /** Seconds since the request came. */
  readonly turnS: number;
  readonly firstTokenS: number;
  readonly endS: number;
}

/** The page of metrics, with SGLang's names, so that whoever reads an engine's page can read this one. */
export class MetricsPage {
  readonly #labels: { readonly model_name: string };
  readonly #turns: Turns;
  readonly #gauges = {
    running: new ScalarFamily("gauge", "sglang:num_running_reqs", "The number of running requests."),
    queued: new ScalarFamily(
      "gauge",
      "sglang:num_queue_reqs",
      "The number of requests in the waiting queue.",
    ),
    training: new ScalarFamily("gauge", "tollgate_trainer_training", "Updates of adapters that run now."),
  };
  readonly #counters = {
    promptTokens: new ScalarFamily(
      "counter",
      "sglang:prompt_tokens_total",
      "Number of prefill tokens processed.",
    ),
    tokens: new ScalarFamily(
      "counter",
      "sglang:generation_tokens_total",
      "Number of generation tokens processed.",
    ),
    requests: new ScalarFamily("counter", "sglang:num_requests_total", "Number of requests processed."),
    updates: new ScalarFamily(
      "counter",
      "tollgate_trainer_updates_total",
      "Updates of adapters that were made.",
    ),
  };
  readonly #histograms = {
    queue: new HistogramFamily(
      "sglang:queue_time_seconds",
      "Histogram of queueing time in seconds.",
      secondsBounds,
    ),
    first: new HistogramFamily(
      "sglang:time_to_first_token_seconds",
      "Histogram of time to first token in seconds.",
      secondsBounds,
    ),
    between: new HistogramFamily(
      "sglang:inter_token_latency_seconds",
      "Histogram of inter-token latency in seconds.",
      secondsBounds,
    ),
    end: new HistogramFamily(
      "sglang:e2e_request_latency_seconds",
      "Histogram of End-to-end request latency in seconds",
      secondsBounds,
    ),
  };

  constructor(model: string, turns: Turns) {
    this.#labels = { model_name: model };
    this.#turns = turns;
    for (const counter of Object.values(this.#counters)) counter.set(this.#labels, 0);
  }

  served({ promptTokens, tokens, turnS, firstTokenS, endS }: ServedAnswer): void {
    this.#counters.promptTokens.add(this.#labels, promptTokens);
    this.#counters.tokens.add(this.#labels, tokens);
    this.#counters.requests.add(this.#labels, 1);
    this.#histograms.queue.observe(this.#labels, turnS);
    this.#histograms.first.observe(this.#labels, firstTokenS);
    this.#histograms.end.observe(this.#labels, endS);
    if (tokens > 1) this.#histograms.between.observe(this.#labels, endS - firstTokenS, tokens - 1);
  }

  updated(): void {
    this.#counters.updates.add(this.#labels, 1);
  }

  text(): string {
    this.#gauges.running.set(this.#labels, this.#turns.running);
    this.#gauges.queued.set(this.#labels, this.#turns.queued);
    this.#gauges.training.set(this.#labels, this.#turns.training);
    return writeExposition([
      ...Object.values(this.#gauges),
      ...Object.values(this.#counters),
      ...Object.values(this.#histograms),
    ]);
  }
}
