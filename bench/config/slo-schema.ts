import { z } from "zod";

/** What a limit may be set on: times of requests at the outer tap, and the length of an episode. */
const measures = {
  ttft: "Time to first token",
  itl: "Time between tokens",
  e2e: "Time of a whole request",
  episode: "Length of an episode",
} as const;
const statistics = { mean: "mean", p50: "median", p90: "p90", p95: "p95", p99: "p99" } as const;

export type SloMeasure = keyof typeof measures;
export type SloStatistic = keyof typeof statistics;
type LimitName = `${SloMeasure}_${SloStatistic}`;

const timePattern = /^(\d+(?:\.\d+)?)\s*(us|µs|ms|s|m|min|h)$/;
const millisecondsIn: Readonly<Record<string, number>> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};
const sharePattern = /^(\d+(?:\.\d+)?)\s*%$/;

const time = (what: string) =>
  z
    .string("write a time with its unit, e.g. 50ms, 2s or 5m")
    .regex(timePattern, "write a time with its unit, e.g. 50ms, 2s or 5m")
    .refine((text) => Number.parseFloat(text) > 0, "write a time above 0")
    .optional()
    .describe(what);

const limits = Object.fromEntries(
  Object.entries(measures).flatMap(([measure, what]) =>
    Object.entries(statistics).map(([statistic, word]) => [
      `${measure}_${statistic}`,
      time(`${what}, ${word}: no more than this, e.g. 50ms or 2s`),
    ]),
  ),
) as Record<LimitName, ReturnType<typeof time>>;

/** `sweep.slo` of an experiment: what a service promises, said before anything is measured. */
export const sloSchema = z
  .strictObject({
    ...limits,
    passRateDrop: z
      .string("write a share, e.g. 2%")
      .regex(sharePattern, "write a share, e.g. 2%")
      .refine(
        (text) => Number.parseFloat(text) > 0 && Number.parseFloat(text) <= 100,
        "write 100% or less, above 0",
      )
      .optional()
      .describe(
        "Percentage points of the pass rate that may be lost against the raw arm at the smallest load, e.g. 2%",
      ),
  })
  .refine((slo) => Object.values(slo).some((limit) => limit !== undefined), {
    message: "names no limit; write e.g. {ttft_p95: 2s, itl_p95: 50ms, episode_p90: 120s, passRateDrop: 2%}",
  })
  .optional()
  .describe(
    "Limits that a load must hold: each cell is marked met, missed or cannot tell, and `capacity` searches with them",
  );
export type SloSpec = z.infer<typeof sloSchema>;

/** A limit on one statistic of one measure. */
export interface TimeObjective {
  /** As the file has it, e.g. `ttft_p95`. */
  readonly name: LimitName;
  readonly measure: SloMeasure;
  readonly statistic: SloStatistic;
  readonly limitMs: number;
  /** As the file has it, e.g. `2s`. */
  readonly text: string;
}

/** `sweep.slo` as it is judged. */
export interface Slo {
  readonly times: readonly TimeObjective[];
  /** Share of the pass rate that may be lost, 0..1; null: no limit. */
  readonly passRateDrop: { readonly limit: number; readonly text: string } | null;
}

const limitNames = Object.keys(limits) as LimitName[];

/** null where the experiment promises nothing. */
export function sloOf(spec: SloSpec): Slo | null {
  if (spec === undefined) return null;
  const times = limitNames.flatMap((name): TimeObjective[] => {
    const text = spec[name];
    if (text === undefined) return [];
    const [measure, statistic] = name.split("_") as [SloMeasure, SloStatistic];
    return [{ name, measure, statistic, limitMs: milliseconds(text), text }];
  });
  const drop = spec.passRateDrop;
  return {
    times,
    passRateDrop: drop === undefined ? null : { limit: Number.parseFloat(drop) / 100, text: drop },
  };
}

const recordedSchema = z.object({ sweep: z.object({ slo: sloSchema }) });

/** As a run recorded it; null where it promised nothing, and for a run of an older Tollgate. */
export function recordedSlo(resolved: Readonly<Record<string, unknown>>): Slo | null {
  return sloOf(recordedSchema.safeParse(resolved).data?.sweep.slo);
}

function milliseconds(text: string): number {
  const [, number, unit = ""] = timePattern.exec(text) ?? [];
  return Number(number) * (millisecondsIn[unit] ?? Number.NaN);
}
