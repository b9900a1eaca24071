import { tapLatencies } from "../evidence/request-latencies.ts";
import { isAnswered } from "../evidence/tap-timing.ts";
import type { Exchange } from "../workload/exchange.ts";
import { UsageSum, type UsageTotal } from "../workload/usage-sum.ts";
import type { FailedRequest } from "./failure-attribution.ts";

/** How long one request took. */
export interface SeenLatencies {
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  readonly e2eMs: number;
}

/** What the outer tap saw of one attempt; its texts are not kept. */
export class SeenExchanges {
  readonly #usage = new UsageSum();
  readonly #requests = new Map<string, FailedRequest>();
  readonly #latencies: SeenLatencies[] = [];

  add(exchanges: readonly Exchange[]): readonly Exchange[] {
    for (const exchange of exchanges) {
      const { requestBody: _request, responseBody: _response, ...seen } = exchange;
      this.#requests.set(exchange.requestId, seen);
      this.#usage.add(exchange.usage);
      if (!isAnswered(exchange)) continue;
      const { ttft, itl, e2e } = tapLatencies;
      this.#latencies.push({ ttftMs: ttft(exchange), itlMs: itl(exchange), e2eMs: e2e(exchange) });
    }
    return exchanges;
  }

  /** The exchange of a request, of several the last; without an id the one that began last. */
  of(requestId: string | undefined): FailedRequest | null {
    return (
      (requestId === undefined ? [...this.#requests.values()].at(-1) : this.#requests.get(requestId)) ?? null
    );
  }

  /** Requests that the arm answered whole. */
  get answered(): number {
    return this.#latencies.length;
  }

  /** Of the answered requests, milliseconds; null where an answer does not support one. */
  get latencies(): readonly SeenLatencies[] {
    return this.#latencies;
  }

  total(): UsageTotal {
    return this.#usage.total();
  }
}
