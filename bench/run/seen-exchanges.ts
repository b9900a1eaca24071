import { isAnswered } from "../evidence/tap-timing.ts";
import type { Exchange } from "../workload/exchange.ts";
import { UsageSum, type UsageTotal } from "../workload/usage-sum.ts";
import type { FailedRequest } from "./failure-attribution.ts";

/** What the outer tap saw of one attempt; its texts are not kept. */
export class SeenExchanges {
  readonly #usage = new UsageSum();
  readonly #requests = new Map<string, FailedRequest>();
  #answered = 0;

  add(exchanges: readonly Exchange[]): readonly Exchange[] {
    for (const exchange of exchanges) {
      const { requestBody: _request, responseBody: _response, ...seen } = exchange;
      this.#requests.set(exchange.requestId, seen);
      this.#usage.add(exchange.usage);
      if (isAnswered(exchange)) this.#answered += 1;
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
    return this.#answered;
  }

  total(): UsageTotal {
    return this.#usage.total();
  }
}
