/** In what the metrics page of the versions differs, beside the families that one of them does not have. */
export interface MetricTraits {
  /** Series of requests say which engine counted and whether the answer was streamed. */
  readonly labelsRequests: boolean;
  /**
   * Of a request that is not streamed the time to first token is that of its first token. Otherwise it is that of the first
   * report: of the 50th token, or of the end of a shorter answer.
   */
  readonly seesFirstToken: boolean;
  /** There are histograms of lengths and of the time per token, and none of retractions. */
  readonly tellsLengths: boolean;
  /** Gauges that say that something runs are corrected when nothing does; otherwise up to 30 s later. */
  readonly correctsIdleGauges: boolean;
  /** Memory is told in tokens: used, evictable, available. */
  readonly tellsMemory: boolean;
  /** Queue times have buckets below 100 ms. */
  readonly hasFineQueueBuckets: boolean;
}
