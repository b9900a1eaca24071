import { RunUnreadableError } from "../../errors.ts";
import { tapLatencies } from "../../evidence/request-latencies.ts";
import { isAnswered } from "../../evidence/tap-timing.ts";
import { percentile } from "../../statistics/distribution.ts";
import { exists, type StoreWarning } from "../../store/read-run.ts";
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

export interface ReadTimes {
  /** null where there is no evidence of one of the stretches: then what the step's line says of it is all that is known. */
  readonly times: StepRequestTimes | null;
  /** What of the evidence could not be read, a sentence each. */
  readonly warnings: readonly string[];
}

/** What was read of steps that have ended, by the place of their evidence: it does not change any more. */
export type KnownTimes = Map<string, ReadTimes>;

export async function stepTimes(
  directory: string,
  place: { readonly preference: string; readonly step: number },
  known: KnownTimes,
): Promise<ReadTimes> {
  const folders = servingPhases.map(
    (phase) => [phase, stretchDirectory(directory, { ...place, phase })] as const,
  );
  const [[, key]] = folders as [(typeof folders)[number]];
  const before = known.get(key);
  if (before !== undefined) return before;
  const read = await readTimes(folders);
  // What is not there may come yet.
  if (read.times !== null) known.set(key, read);
  return read;
}

async function readTimes(folders: readonly (readonly [ServingPhase, string])[]): Promise<ReadTimes> {
  const warnings: StoreWarning[] = [];
  const told = () => warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  const times: Partial<Record<ServingPhase, StretchTimes>> = {};
  try {
    for (const [phase, folder] of folders) {
      if (!(await exists(folder))) return { times: null, warnings: told() };
      times[phase] = await timesOf(folder, warnings);
    }
  } catch (error) {
    if (!(error instanceof RunUnreadableError)) throw error;
    return { times: null, warnings: [...told(), error.message] };
  }
  return { times: times as StepRequestTimes, warnings: told() };
}

async function timesOf(folder: string, warnings: StoreWarning[]): Promise<StretchTimes> {
  const { timings } = await readStretch(folder, warnings);
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
