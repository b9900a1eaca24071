import { type LabelledValue, sumSeries } from "./aggregate.ts";
import { seriesKey } from "./exposition.ts";
import { detectProfile } from "./detect-profile.ts";
import type { CounterConcept, EngineProfile, GaugeConcept } from "./profiles/profile.ts";
import type { Snapshot } from "./snapshot.ts";

/** What one page says about an engine at one moment. null: the page does not say, or does not say clearly. */
export interface EngineState {
  readonly engine: string | null;
  /** Counted since the engine started, warm-up included; differences only. */
  readonly promptTokens: number | null;
  readonly generationTokens: number | null;
  readonly requests: number | null;
  readonly running: number | null;
  readonly queued: number | null;
}

/** Reads the state of the engine whose names the page uses, or of the given profile's. */
export function readEngineState(
  snapshot: Snapshot,
  profile: EngineProfile | null = detectProfile(snapshot.exposition.samples),
): EngineState {
  if (profile === null) return unknownState;
  const { samples, duplicates } = snapshot.exposition;
  const used = new Set([
    ...Object.values(profile.counters).flatMap((source) => source?.names ?? []),
    ...Object.values(profile.gauges).flat(),
  ]);
  const values: readonly LabelledValue[] = samples
    .filter(({ role, name }) => role === "value" && used.has(name))
    .map(({ name, labels, value }) => ({
      name,
      labels,
      value: duplicates.has(seriesKey(name, labels)) ? null : value,
    }));
  const counter = (concept: CounterConcept) => {
    const source = profile.counters[concept];
    return source === null ? null : sumSeries(values, source, profile.rankLabels);
  };
  const gauge = (concept: GaugeConcept) =>
    sumSeries(values, { names: profile.gauges[concept] }, profile.rankLabels);
  const prompt = counter("promptTokens");
  const cached = counter("cachedTokens");
  const withCached = prompt === null || cached === null ? null : prompt + cached;
  return {
    engine: profile.engine,
    promptTokens: profile.promptTotalIncludesCached ? prompt : withCached,
    generationTokens: counter("generationTokens"),
    requests: counter("requests"),
    running: gauge("running"),
    queued: gauge("queued"),
  };
}

const unknownState: EngineState = {
  engine: null,
  promptTokens: null,
  generationTokens: null,
  requests: null,
  running: null,
  queued: null,
};
