import { createRng } from "../statistics/rng.ts";
import { arrivalRows, measureArrivals } from "./arrivals.ts";
import { checkRow, type CheckRow } from "./check-row.ts";
import { measureClientTiming, timingRows, type TimingErrors } from "./client-timing.ts";
import { halfWidthRow, measureDelay, missesRow, type DelayMeasurement } from "./delay-coverage.ts";
import { measureNoDifference, noDifferenceRow } from "./no-difference.ts";
import { droppedRequests, acceptedStolenShare, type PairedOutcome } from "./paired-arms.ts";
import { halfWidthMs, type CoverageCase } from "./paired-estimate.ts";
import { percentile } from "../statistics/distribution.ts";
import { delayText } from "./delay-shape.ts";
import type { Extent } from "./selftest-size.ts";
import { startEngine, type SelftestStack } from "./selftest-stack.ts";
import { measureTaps, tapRows, tokenRow, type TapMeasurement } from "./tap-overhead.ts";

export interface SelftestSection {
  readonly title: string;
  readonly rows: readonly CheckRow[];
}

/** What differences this machine can show. Milliseconds; null where that was not measured. */
export interface Resolution {
  /** p99 of one request's TTFT error at `streams` streams. */
  readonly ttftMs: number | null;
  readonly streams: number;
  /** Half-width of the interval of a gateway's overhead. */
  readonly overheadMs: number | null;
  readonly pairs: number;
}

export interface SelftestResult {
  readonly sections: readonly SelftestSection[];
  readonly coverage: readonly CoverageCase[];
  readonly resolution: Resolution;
  /** Ids of the rows that do not keep their limits. */
  readonly missed: readonly string[];
}

const engineStepMs = 0.5;

/**
 * Measures the measuring: everything on the simulator, judged by what simulator and delay gateway wrote down themselves.
 * Rejects with the reason of `stack.signal` at the next step when that aborts.
 */
export async function runSelftest(stack: SelftestStack, extent: Extent): Promise<SelftestResult> {
  const tell = (line: string) => {
    stack.signal?.throwIfAborted();
    stack.announce(line);
  };
  const timings: TimingErrors[] = [];
  for (const level of extent.timing) {
    tell(`client timing at ${level.streams}`);
    timings.push(await measureClientTiming(stack, level));
  }
  await using engine = await startEngine(stack, { decodeStepMs: engineStepMs });
  const { url } = engine.ready;
  const arrivals: CheckRow[] = [];
  for (const plan of extent.arrivals) {
    tell(`arrivals, ${plan.arrivals.kind}`);
    arrivals.push(...arrivalRows(await measureArrivals(stack, url, { ...plan, rng: createRng(11) })));
  }
  tell("taps");
  const taps = await measureTaps(stack, url, extent.taps);
  tell("raw against raw");
  const same = await measureNoDifference(stack, url, extent.noDifference);
  const delays: DelayMeasurement[] = [];
  for (const [seed, one] of extent.delays.entries()) {
    tell(`delay gateway, ${delayText(one.plan)}`);
    delays.push(await measureDelay(stack, url, { ...one, seed }));
  }
  return judge({ timings, arrivals, taps, same: noDifferenceRow(same), delays });
}

interface Measured {
  readonly timings: readonly TimingErrors[];
  readonly arrivals: readonly CheckRow[];
  readonly taps: TapMeasurement;
  readonly same: CheckRow;
  /** The first one is the gateway of a fixed delay, with the most pairs. */
  readonly delays: readonly DelayMeasurement[];
}

function judge({ timings, arrivals, taps, same, delays }: Measured): SelftestResult {
  const coverage = delays.flatMap(({ cases }) => cases);
  const paired = [taps.outcome, ...delays.map(({ outcome }) => outcome)];
  const fixed = coverage[0];
  const sections = [
    { title: "Client stamps against the engine's own", rows: timings.flatMap(timingRows) },
    { title: "Arrivals, judged by the server", rows: arrivals },
    { title: "Taps", rows: [...tapRows(taps), tokenRow(taps)] },
    {
      title: "Paired differences",
      rows: [same, missesRow(coverage), ...(fixed === undefined ? [] : [halfWidthRow(fixed)])],
    },
    {
      title: "Failures and disturbances",
      rows: [failureRow(timings, paired), repeatedRow(paired)],
    },
  ];
  const missed = sections.flatMap(({ rows }) => rows.filter(({ ok }) => ok === false).map(({ id }) => id));
  return { sections, coverage, resolution: resolutionOf(timings, fixed), missed };
}

function failureRow(timings: readonly TimingErrors[], paired: readonly PairedOutcome[]): CheckRow {
  const lost = timings.flatMap(({ samples }) => samples.filter(({ outcome }) => outcome !== "completed"));
  const dropped = paired.map(droppedRequests);
  const reasons = new Set([
    ...lost.map(({ error }) => error ?? "unknown"),
    ...dropped.map(({ reasons }) => reasons),
  ]);
  return checkRow({
    id: "requests-failed",
    what: "requests that failed or could not be paired",
    value: lost.length + dropped.reduce((sum, { count }) => sum + count, 0),
    unit: "",
    detail: [...reasons].filter((reason) => reason !== "").join("; ") || "none",
  });
}

function repeatedRow(paired: readonly PairedOutcome[]): CheckRow {
  const counted = paired.reduce((sum, { blocks }) => sum + blocks.length, 0);
  return checkRow({
    id: "blocks-repeated",
    what: "paired blocks repeated, because the hypervisor took the processors",
    value: paired.reduce((sum, { repeated }) => sum + repeated, 0),
    unit: "",
    detail: `more than ${100 * acceptedStolenShare} % stolen; ${counted} blocks count`,
  });
}

/** The level that is nearest to 64 streams stands for a working load. */
function resolutionOf(timings: readonly TimingErrors[], fixed: CoverageCase | undefined): Resolution {
  const level = timings.find(({ streams }) => streams === 64) ?? timings.at(-1);
  const sizes = (level?.ttftMs ?? []).map(Math.abs);
  return {
    ttftMs: percentile(sizes, 0.99),
    streams: level?.streams ?? 0,
    overheadMs: fixed === undefined ? null : halfWidthMs(fixed),
    pairs: fixed?.pairs ?? 0,
  };
}
