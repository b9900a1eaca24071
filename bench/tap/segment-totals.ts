import { isGenerationRequest, type ExchangeTiming } from "../workload/exchange.ts";
import type { TapListenerSpec, TapListenerTotals, TapTotals } from "./control.ts";

const nothing: TapListenerTotals = {
  requests: 0,
  generations: 0,
  completed: 0,
  failed: 0,
  withoutUsage: 0,
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  withoutCachedTokens: 0,
  requestBytes: 0,
  responseBytes: 0,
};

/** Sums of one segment. A listener that saw nothing is in it with zeros: it was there and counted. */
export class SegmentTotals {
  readonly #byListener: Map<string, TapListenerTotals>;

  constructor(listeners: Iterable<TapListenerSpec>) {
    this.#byListener = new Map(Array.from(listeners, ({ name }) => [name, nothing]));
  }

  add(listener: string, timing: ExchangeTiming): void {
    this.#byListener.set(listener, plus(this.#byListener.get(listener) ?? nothing, timing));
  }

  read(): TapTotals {
    return Object.fromEntries(this.#byListener);
  }
}

function plus(sums: TapListenerTotals, timing: ExchangeTiming): TapListenerTotals {
  const generation = isGenerationRequest(timing);
  const { outcome, status, incomplete = null } = timing;
  const completed = outcome === "completed" && (status ?? 500) < 400 && incomplete === null;
  const one = (condition: boolean) => (condition ? 1 : 0);
  const { usage } = timing;
  return {
    requests: sums.requests + 1,
    generations: sums.generations + one(generation),
    completed: sums.completed + one(completed),
    failed: sums.failed + one(!completed),
    withoutUsage: sums.withoutUsage + one(generation && timing.status === 200 && usage === null),
    promptTokens: sums.promptTokens + (usage?.promptTokens ?? 0),
    completionTokens: sums.completionTokens + (usage?.completionTokens ?? 0),
    cachedTokens: sums.cachedTokens + (usage?.cachedTokens ?? 0),
    withoutCachedTokens: sums.withoutCachedTokens + one(usage !== null && usage.cachedTokens === null),
    requestBytes: sums.requestBytes + timing.requestBytes,
    responseBytes: sums.responseBytes + timing.responseBytes,
  };
}
