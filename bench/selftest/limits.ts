/** What a measured value has to keep. Both bounds are inclusive. */
export interface Limit {
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Where the number comes from, or what it guards. */
  readonly why: string;
}

/**
 * What this project promises of its own measurements, by the id of the row. A row without a limit is stated only: the
 * machine decides. All times in milliseconds; for a bias the limit is on its absolute value.
 */
export const limits: Readonly<Record<string, Limit>> = {
  "ttft-bias-1": { atMost: 1, why: "client against the engine's own send stamps" },
  "ttft-bias-64": { atMost: 1, why: "client against the engine's own send stamps" },
  "e2e-bias-64": { atMost: 1, why: "client against the engine's own send stamps" },
  "e2e-bias-1": { atMost: 1, why: "client against the engine's own send stamps" },
  "way-in-1": { atMost: 1, why: "a request is sent when its stamp says, not later" },
  "way-in-64": { atMost: 1, why: "a request is sent when its stamp says, not later" },
  "way-in-least-1": { atLeast: 0, why: "no request can arrive before it was sent" },
  "way-in-least-64": { atLeast: 0, why: "no request can arrive before it was sent" },
  "itl-bias-64": { atMost: 0.1, why: "errors of neighbouring stamps cancel over an answer" },
  "lateness-p50": { atMost: 0.1, why: "a request leaves when the plan says" },
  "constant-gap-cv": { atMost: 0.05, why: "a constant rate is constant at the server" },
  "poisson-gap-cv": {
    atLeast: 0.95,
    atMost: 1.05,
    why: "exponential gaps have a coefficient of variation of 1",
  },
  "poisson-idc": {
    atLeast: 0.85,
    atMost: 1.15,
    why: "counts of a Poisson process vary as much as their mean",
  },
  "taps-ttft": {
    atMost: 2,
    why: "two hops, each both ways, of this machine's loopback and Node; both arms of a run pass them",
  },
  "taps-e2e": {
    atMost: 2,
    why: "two hops, each both ways, of this machine's loopback and Node; both arms of a run pass them",
  },
  "aa-silent": { atMost: 2, why: "95 % intervals: more than 2 of 10 happen once in 90 self-tests" },
  "coverage-misses": { atMost: 3, why: "95 % intervals: more than 3 of 16 happen once in 140 self-tests" },
  "half-width-fixed": { atMost: 0.1, why: "what 2,000 paired requests tell of a 3 ms gateway" },
  "token-mismatches": { atMost: 0, why: "tokens are counted, not estimated" },
  "requests-failed": { atMost: 0, why: "nothing here may fail" },
};

/** null without a limit or without a value that could be held against it. */
export function keepsLimit(id: string, value: number | null): boolean | null {
  const limit = limits[id];
  if (limit === undefined) return null;
  if (value === null || !Number.isFinite(value)) return false;
  const size = id.includes("-bias-") ? Math.abs(value) : value;
  return (
    size >= (limit.atLeast ?? Number.NEGATIVE_INFINITY) && size <= (limit.atMost ?? Number.POSITIVE_INFINITY)
  );
}

/** e.g. `<= 0.1 ms`; `-` for a row that is stated only. */
export function limitText(id: string, unit: string): string {
  const limit = limits[id];
  if (limit === undefined) return "-";
  const suffix = unit === "" ? "" : ` ${unit}`;
  const { atLeast, atMost } = limit;
  if (atLeast !== undefined && atMost !== undefined) return `${atLeast} to ${atMost}${suffix}`;
  return atLeast === undefined ? `<= ${atMost}${suffix}` : `>= ${atLeast}${suffix}`;
}
