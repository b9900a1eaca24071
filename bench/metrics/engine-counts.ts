import { type LabelledValue, measureSeries, selectSeries } from "./aggregate.ts";
import type { CounterDelta } from "./counter-delta.ts";
import { missingText } from "./found-names.ts";
import type { CounterConcept, EngineProfile } from "./profiles/profile.ts";
import { exact, type PageResolution, together } from "./resolution.ts";

/** One count of an engine over an interval. */
export interface Count {
  readonly value: number | null;
  readonly resolution: PageResolution;
  /** Why the value is null, by the name of the counter; null for a number. */
  readonly why: string | null;
}

export type Counts = Readonly<Record<CounterConcept, Count>>;

/** Every count that the profile knows. `page`: all names on the pages, for what is missing. */
export function countsOf(
  counters: readonly CounterDelta[],
  profile: EngineProfile,
  page: readonly string[],
): Counts {
  const count = (concept: CounterConcept) => countOf(counters, { concept, profile, page });
  return {
    promptTokens: count("promptTokens"),
    cachedTokens: count("cachedTokens"),
    generationTokens: count("generationTokens"),
    requests: count("requests"),
    aborted: count("aborted"),
    retractions: count("retractions"),
  };
}

/** With the tokens from the prefix cache, for every engine. */
export function wholePrompt({ promptTokens, cachedTokens }: Counts, profile: EngineProfile): Count {
  if (profile.promptTotalIncludesCached || promptTokens.value === null) return promptTokens;
  if (cachedTokens.value === null) {
    const why = `${cachedTokens.why ?? "cached tokens unknown"}; ${profile.engine} counts prompt tokens without the cached ones`;
    return { ...cachedTokens, why };
  }
  return plus(promptTokens, cachedTokens);
}

export function plus(a: Count, b: Count): Count {
  if (a.value === null || b.value === null) return a.value === null ? a : b;
  const resolution = together([a.resolution, b.resolution]);
  return { value: a.value + b.value, resolution, why: null };
}

export const notCounted: Count = { value: null, resolution: exact, why: null };

function countOf(
  counters: readonly CounterDelta[],
  {
    concept,
    profile,
    page,
  }: {
    readonly concept: CounterConcept;
    readonly profile: EngineProfile;
    readonly page: readonly string[];
  },
): Count {
  const source = profile.counters[concept];
  if (source === null) return { ...notCounted, why: `${profile.engine} has no such counter` };
  const { value, resolution } = measureSeries(counters, source, profile.rankLabels);
  if (value !== null) return { value, resolution, why: null };
  const chosen = selectSeries(counters, source);
  const doubtful = chosen.find(({ doubt }) => doubt !== null);
  if (doubtful !== undefined) return { ...notCounted, why: `${doubtful.name} ${doubtful.doubt}` };
  if (chosen.length === 0 && source.zeroBeside?.some((name) => page.includes(name)) === true)
    return { value: 0, resolution: exact, why: null };
  return { ...notCounted, why: whyNone(source, { counters, profile, page }) };
}

function whyNone(
  { names, where }: NonNullable<EngineProfile["counters"][CounterConcept]>,
  {
    counters,
    profile,
    page,
  }: {
    readonly counters: readonly LabelledValue[];
    readonly profile: EngineProfile;
    readonly page: readonly string[];
  },
): string {
  const present = names.find((name) => counters.some((item) => item.name === name));
  if (present === undefined) return missingText(names, page, profile);
  const labels = Object.entries(where ?? {}).map(([label, value]) => `${label}="${value}"`);
  return `${present} has no series with ${labels.join(", ")}`;
}
