/** Counts that engines report under different names. */
export type CounterConcept =
  "promptTokens" | "cachedTokens" | "generationTokens" | "requests" | "aborted" | "retractions";

/** Latencies that engines report as histograms in seconds. */
export type HistogramConcept = "timeToFirstToken" | "interTokenLatency" | "endToEnd" | "queueTime";

export type GaugeConcept = "running" | "queued";

/** Gauges from 0 to 1; of several servers behind one page it is the mean. */
export type ShareConcept = "kvUsage";

/** Where a count is found. */
export interface CounterSource {
  /** Canonical names; the first that the page has is used. */
  readonly names: readonly string[];
  /** Only series with these label values. */
  readonly where?: Readonly<Record<string, string>>;
  /** A label value that may stand for the sum of all others: counted once when it equals that sum. */
  readonly totalOf?: { readonly label: string; readonly value: string };
  /**
   * Families that are only on pages of versions that have the counter: where one of them is there and the counter is not,
   * nothing was counted yet. Python prints a counter with labels after its first use.
   */
  readonly zeroBeside?: readonly string[];
}

/** Engines that Tollgate knows. */
export type EngineName = "sglang" | "vllm" | "llama.cpp";

/** One engine's metric names and habits: all that differs between engines, in one file each. */
export interface EngineProfile {
  readonly engine: EngineName;
  /** Of every canonical name. */
  readonly prefix: string;
  readonly metricsPath: string;
  /** false where the prompt counter leaves out tokens served from the prefix cache. */
  readonly promptTotalIncludesCached: boolean;
  /**
   * Labels that number copies of one count (tensor-parallel ranks): within otherwise equal labels the series of rank 0
   * is used, the largest where there is no rank 0. Every other label splits a count and is summed over.
   */
  readonly rankLabels: readonly string[];
  /** null: this engine has no such metric. */
  readonly counters: Readonly<Record<CounterConcept, CounterSource | null>>;
  /** Canonical family names; the first that the page has is used. Empty: this engine has no such metric. */
  readonly histograms: Readonly<Record<HistogramConcept, readonly string[]>>;
  readonly gauges: Readonly<Record<GaugeConcept, readonly string[]>>;
  readonly shares: Readonly<Record<ShareConcept, readonly string[]>>;
}
