import { tapLatencies } from "../../evidence/request-latencies.ts";
import { isAnswered } from "../../evidence/tap-timing.ts";
import { percentile } from "../../statistics/distribution.ts";
import { exists } from "../../store/read-run.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import { loadAttempt } from "../serving/load.ts";
import {
  readStretch,
  servingPhases,
  stretchDirectory,
  type ServingPhase,
} from "../serving/serving-places.ts";

/** Of the answered requests of a stretch, milliseconds. */
export interface StretchTimes {
  readonly ttftMs: readonly number[];
  readonly e2eMs: readonly number[];
}
export type StepRequestTimes = Readonly<Record<ServingPhase, StretchTimes>>;

/** What was read of steps that have ended, by the place of their evidence: it does not change any more. */
export type KnownTimes = Map<string, StepRequestTimes>;

/** null where there is no evidence of one of the stretches: then what the step's line says of it is all that is known. */
export async function stepTimes(
  directory: string,
  place: { readonly preference: string; readonly step: number },
  known: KnownTimes,
): Promise<StepRequestTimes | null> {
  const folders = servingPhases.map(
    (phase) => [phase, stretchDirectory(directory, { ...place, phase })] as const,
  );
  const [[, key]] = folders as [(typeof folders)[number]];
  const before = known.get(key);
  if (before !== undefined) return before;
  const times: Partial<Record<ServingPhase, StretchTimes>> = {};
  for (const [phase, folder] of folders) {
    if (!(await exists(folder))) return null;
    times[phase] = await timesOf(folder);
  }
  known.set(key, times as StepRequestTimes);
  return times as StepRequestTimes;
}

async function timesOf(folder: string): Promise<StretchTimes> {
  const { timings } = await readStretch(folder);
  const answered = timings.filter(
    (one) => one.attemptKey === loadAttempt && isGenerationRequest(one) && isAnswered(one),
  );
  return {
    ttftMs: answered.flatMap((one) => tapLatencies.ttft(one) ?? []),
    e2eMs: answered.flatMap((one) => tapLatencies.e2e(one) ?? []),
  };
}

/** The median of whatever there is: what it is worth, the interval over steps says. */
export function medianOf(values: readonly number[]): number | null {
  return percentile(values, 0.5);
}
