import type { ObservedCell } from "../../bench/analysis/slo/observed-cell.ts";
import type { Rng } from "../../bench/statistics/rng.ts";
import { normal } from "../../bench/statistics/rng.ts";
import { normalQuantile } from "../../bench/statistics/reference-distributions.ts";
import type { WantedCell } from "../../bench/plan/run-plan.ts";

/** A service whose times to first token are log-normal around a median that its load sets. */
export interface KnownService {
  readonly medianMs: (agents: number) => number;
  /** Standard deviations of the logarithm: of requests, of episodes, of cells. */
  readonly spread: { readonly request: number; readonly episode: number; readonly cell: number };
}

const requestsPerEpisode = 3;

/** p95 over all requests of all cells that there could be. */
export function trueP95(service: KnownService, agents: number): number {
  const { request, episode, cell } = service.spread;
  return service.medianMs(agents) * Math.exp(normalQuantile(0.95) * Math.hypot(request, episode, cell));
}

/** The most agents whose true p95 is not above the limit. */
export function trueLimit(service: KnownService, limitMs: number): number {
  let agents = 0;
  while (trueP95(service, agents + 1) <= limitMs) agents += 1;
  return agents;
}

/** What a cell of it shows in its steady part. */
export function observed(
  service: KnownService,
  { arm, concurrency, repetition, episodes }: WantedCell,
  rng: Rng,
): ObservedCell {
  const { request, episode, cell } = service.spread;
  const middle = Math.log(service.medianMs(concurrency)) + cell * normal(rng);
  const steady = Math.max(1, episodes - 2 * concurrency);
  const ttft = Array.from({ length: steady }, (_, index) => {
    const own = middle + episode * normal(rng);
    return Array.from({ length: requestsPerEpisode }, () => ({
      value: Math.exp(own + request * normal(rng)),
      cluster: `${concurrency}-${repetition}-${index}`,
    }));
  }).flat();
  return {
    cellId: `c${concurrency}-r${repetition}-${arm}`,
    arm,
    armKind: "raw",
    load: `closed:${concurrency}`,
    concurrency,
    repetition,
    values: { ttft, itl: [], e2e: [], episode: [] },
    outcomes: [],
    seconds: 10,
    episodes: steady,
    good: steady,
    spoiled: null,
    unusable: null,
    inFlight: concurrency,
    unheld: null,
    doubt: null,
  };
}
