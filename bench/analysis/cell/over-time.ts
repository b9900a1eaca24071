import { z } from "zod";
import type { SegmentEvidence } from "../../evidence/segment-evidence.ts";
import type { TapTiming } from "../../evidence/tap-timing.ts";
import type { EngineSample } from "../../store/engine-sample.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";

const known = z.number().nullable();

/**
 * How full a cell was as time went on, over its used segments one behind the other. Each list holds one value for each of as many
 * equal steps. Requests in flight are from the stamps of the outer tap; what the agent's engine said is there where it was asked.
 */
export const overTimeSchema = z.object({
  /** Length of all steps together. */
  seconds: z.number(),
  /** Model requests open at the outer tap, mean over each step. */
  inFlight: z.array(z.number()),
  /** What the engine's page said, the largest of the readings within each step; null: none in it, or none that says it. */
  engine: z
    .object({
      /** Seconds between two readings. */
      sampleSeconds: z.number(),
      running: z.array(known),
      queued: z.array(known),
      /** Share of the memory for keys and values in use, 0..1. */
      kvUsage: z.array(known),
    })
    .optional(),
});
export type OverTime = z.infer<typeof overTimeSchema>;

/** More steps than this cannot be told apart in a picture of a cell. */
const stepsMax = 120;

type Watched = Pick<SegmentEvidence, "segment" | "timings" | "samples" | "facts">;

/** null where no segment ran to its end. Pure. */
export function overTime(used: readonly Watched[]): OverTime | null {
  const windows = windowsOf(used);
  const totalNs = windows.reduce((sum, { lengthNs }) => sum + lengthNs, 0);
  if (totalNs <= 0) return null;
  const inFlight = Array.from({ length: stepsMax }, () => 0);
  const stepNs = totalNs / stepsMax;
  for (const window of windows)
    for (const timing of window.evidence.timings)
      if (timing.hop === "outer" && isGenerationRequest(timing))
        addStay(inFlight, { timing, window, stepNs });
  const seconds = totalNs / 1e9;
  const sampleSeconds = sampleSecondsOf(used);
  return {
    seconds,
    inFlight: inFlight.map(rounded),
    ...(sampleSeconds !== null && { engine: engineOverTime(windows, { seconds, sampleSeconds }) }),
  };
}

function engineOverTime(
  windows: readonly Window[],
  { seconds, sampleSeconds }: { readonly seconds: number; readonly sampleSeconds: number },
): NonNullable<OverTime["engine"]> {
  // A step holds a reading where all were taken: steps between two of them would look as if the engine had not answered.
  const steps = Math.max(1, Math.min(stepsMax, Math.floor(seconds / sampleSeconds)));
  const place = { steps, stepNs: (seconds * 1e9) / steps };
  const largest = (of: (sample: EngineSample) => number | null) => largestPerStep(windows, place, of);
  return {
    sampleSeconds,
    running: largest(({ running }) => running),
    queued: largest(({ queued }) => queued),
    kvUsage: largest(({ kvUsage }) => kvUsage),
  };
}

interface Window {
  readonly evidence: Watched;
  readonly startNs: number;
  readonly lengthNs: number;
  /** Measured time before it. */
  readonly offsetNs: number;
}

function windowsOf(used: readonly Watched[]): readonly Window[] {
  let offsetNs = 0;
  return used.flatMap((evidence) => {
    const { ended, startedNs } = evidence.segment;
    if (ended === null) return [];
    const window = { evidence, startNs: startedNs, lengthNs: ended.endedNs - startedNs, offsetNs };
    offsetNs += window.lengthNs;
    return [window];
  });
}

/** null where nothing was read. */
function sampleSecondsOf(used: readonly Watched[]): number | null {
  const intervals = used.flatMap(({ samples, facts }) =>
    samples.length === 0 ? [] : (facts?.engineSamples?.intervalSeconds ?? []),
  );
  return intervals.length === 0 ? null : Math.max(...intervals);
}

/** The time of a request within each step, as a share of the step. */
function addStay(
  inFlight: number[],
  {
    timing,
    window,
    stepNs,
  }: { readonly timing: TapTiming; readonly window: Window; readonly stepNs: number },
): void {
  const at = (ns: number) => window.offsetNs + Math.min(Math.max(ns - window.startNs, 0), window.lengthNs);
  const [from, to] = [at(timing.startedNs), at(timing.endedNs)];
  const last = Math.min(inFlight.length - 1, Math.floor(to / stepNs));
  for (let step = Math.floor(from / stepNs); step <= last; step += 1) {
    const within = Math.min(to, (step + 1) * stepNs) - Math.max(from, step * stepNs);
    inFlight[step] = (inFlight[step] ?? 0) + Math.max(0, within) / stepNs;
  }
}

function largestPerStep(
  windows: readonly Window[],
  { steps, stepNs }: { readonly steps: number; readonly stepNs: number },
  of: (sample: EngineSample) => number | null,
): (number | null)[] {
  const largest = Array.from({ length: steps }, (): number | null => null);
  for (const { evidence, startNs, lengthNs, offsetNs } of windows) {
    for (const sample of evidence.samples) {
      const value = sample.role === "agent" ? of(sample) : null;
      const sinceNs = sample.atNs - startNs;
      if (value === null || sinceNs < 0 || sinceNs > lengthNs) continue;
      const step = Math.min(steps - 1, Math.floor((offsetNs + sinceNs) / stepNs));
      largest[step] = Math.max(largest[step] ?? value, value);
    }
  }
  return largest;
}

/** To thousandths: a report holds many of them. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
