/** Beyond one of these a collapse is alerted; the limits of CLaaS' own evaluation. */
export const collapseLimits = {
  /** An alert below it. */
  entropyRatio: 0.6,
  /** An alert above it. */
  selfRougeL: 0.85,
  /** Nats per token; an alert above it. */
  meanLogprobDrift: 2,
} as const;
