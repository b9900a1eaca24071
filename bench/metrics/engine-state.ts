import { type LabelledValue, meanSeries, type Measured, measureSeries, sumSeries } from "./aggregate.ts";
import { impossibleCount } from "./counter-delta.ts";
import { type Sample, seriesKey } from "./exposition.ts";
import { countsWhole, isCounter } from "./known-kinds.ts";
import { exact, resolutionOf } from "./resolution.ts";
import { detectProfile } from "./detect-profile.ts";
import type { CounterConcept, EngineProfile, GaugeConcept, ShareConcept } from "./profiles/profile.ts";
import type { Snapshot } from "./snapshot.ts";

/** What one page says about an engine at one moment. null: the page does not say, or does not say clearly. */
export interface EngineState {
  readonly engine: string | null;
  /** Counted since the engine started, warm-up included; differences only. */
  readonly promptTokens: number | null;
  readonly generationTokens: number | null;
  /** Of the prompt tokens, those from the prefix cache. */
  readonly cachedTokens: number | null;
  readonly requests: number | null;
  /** Share of the memory for keys and values that is in use, 0..1. */
  readonly kvUsage: number | null;
  readonly running: number | null;
  readonly queued: number | null;
  /** Digits that the page left out: the true counts lie within this of those above. 0 where they are exact. */
  readonly plusMinus: Readonly<Record<"promptTokens" | "generationTokens" | "cachedTokens", number>>;
}

/** Reads the state of the engine whose names the page uses, or of the given profile's. */
export function readEngineState(
  snapshot: Snapshot,
  profile: EngineProfile | null = detectProfile(snapshot.exposition.samples),
): EngineState {
  if (profile === null) return unknownState;
  const { samples, duplicates } = snapshot.exposition;
  const precision = resolutionOf([samples]);
  const used = new Set([
    ...Object.values(profile.counters).flatMap((source) => source?.names ?? []),
    ...Object.values(profile.gauges).flat(),
    ...Object.values(profile.shares).flat(),
  ]);
  const values: readonly LabelledValue[] = samples
    .filter(({ role, name }) => role === "value" && used.has(name))
    .map((sample) => ({
      name: sample.name,
      labels: sample.labels,
      value: isUsable(sample, duplicates) ? sample.value : null,
      resolution: precision(sample),
    }));
  const measured = (concept: CounterConcept): Measured => {
    const source = profile.counters[concept];
    return source === null ? notMeasured : measureSeries(values, source, profile.rankLabels);
  };
  const counter = (concept: CounterConcept) => measured(concept).value;
  const gauge = (concept: GaugeConcept) =>
    sumSeries(values, { names: profile.gauges[concept] }, profile.rankLabels);
  const share = (concept: ShareConcept) =>
    meanSeries(values, { names: profile.shares[concept] }, profile.rankLabels);
  const prompt = counter("promptTokens");
  const cached = counter("cachedTokens");
  const withCached = prompt === null || cached === null ? null : prompt + cached;
  const rounded = (concept: CounterConcept) => measured(concept).resolution.plusMinus;
  const cachedToo = profile.promptTotalIncludesCached ? 0 : rounded("cachedTokens");
  return {
    engine: profile.engine,
    promptTokens: profile.promptTotalIncludesCached ? prompt : withCached,
    generationTokens: counter("generationTokens"),
    cachedTokens: cached,
    kvUsage: share("kvUsage"),
    requests: counter("requests"),
    running: gauge("running"),
    queued: gauge("queued"),
    plusMinus: {
      promptTokens: rounded("promptTokens") + cachedToo,
      generationTokens: rounded("generationTokens"),
      cachedTokens: rounded("cachedTokens"),
    },
  };
}

const notMeasured: Measured = { value: null, resolution: exact };

/** Not twice on the page, and not a count that no counter can have. */
function isUsable(sample: Sample, duplicates: ReadonlySet<string>): boolean {
  if (duplicates.has(seriesKey(sample.name, sample.labels))) return false;
  return !isCounter(sample) || impossibleCount(sample, countsWhole(sample.name)) === null;
}

const unknownState: EngineState = {
  engine: null,
  promptTokens: null,
  generationTokens: null,
  cachedTokens: null,
  kvUsage: null,
  requests: null,
  running: null,
  queued: null,
  plusMinus: { promptTokens: 0, generationTokens: 0, cachedTokens: 0 },
};
