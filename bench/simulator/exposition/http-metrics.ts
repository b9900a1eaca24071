import { type Family, HistogramFamily, ScalarFamily } from "./exposition.ts";
import { loadsBounds } from "./bounds.ts";
import type { MetricTraits } from "./metric-traits.ts";

/** What SGLang's HTTP process counts of all that it is asked, whatever it answers. */
export class HttpMetrics {
  readonly #modelName: string;
  readonly #active = new ScalarFamily(
    "gauge",
    "sglang:http_requests_active",
    "Number of currently active HTTP requests",
  );
  readonly #requests = new ScalarFamily(
    "counter",
    "sglang:http_requests_total",
    "Total number of HTTP requests by endpoint and method",
  );
  readonly #responses = new ScalarFamily(
    "counter",
    "sglang:http_responses_total",
    "Total number of HTTP responses by endpoint and status code",
  );
  readonly #loads = new HistogramFamily(
    "sglang:get_loads_duration_seconds",
    "Time spent serving /v1/loads requests (seconds).",
    loadsBounds,
  );

  constructor(modelName: string) {
    this.#modelName = modelName;
  }

  began(endpoint: string, method: string): void {
    this.#active.add({ endpoint, method }, 1);
    this.#requests.add({ endpoint, method }, 1);
  }

  ended({ endpoint, method }: { readonly endpoint: string; readonly method: string }, status: number): void {
    this.#active.add({ endpoint, method }, -1);
    this.#responses.add({ endpoint, method, status_code: String(status) }, 1);
  }

  loadsTold(seconds: number): void {
    this.#loads.observe({ engine_type: "unified", model_name: this.#modelName }, seconds);
  }

  families({ tellsMemory }: MetricTraits): readonly Family[] {
    return [this.#active, this.#requests, this.#responses, ...(tellsMemory ? [this.#loads] : [])];
  }
}
