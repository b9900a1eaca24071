import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { compareSegment } from "../fidelity/compare-segment.ts";
import type { ArmToCompare } from "../fidelity/rewrites.ts";
import type { Clock } from "../measure/clock.ts";
import { schedulingText } from "../measure/real-time.ts";
import { readProcessorTime, stolenShare, type ProcessorTime } from "../measure/stolen-time.ts";
import { waitUntilIdle } from "../metrics/drain.ts";
import { scrape, ScrapeError } from "../metrics/snapshot.ts";
import type { Engine } from "../stack/engine.ts";
import { metricsAccess, type MetricsAccess } from "../stack/metrics-access.ts";
import type { RunningStack, StackDeath } from "../stack/stack.ts";
import type { RunDirectory } from "../store/run-directory.ts";
import type { SegmentFacts } from "../store/segment-facts.ts";
import { StorageError } from "../store/storage-error.ts";
import type { SegmentEndedRecord } from "../store/record.ts";
import type { TapClient } from "../tap/client.ts";
import { EngineSamples } from "./engine-samples.ts";

/** What a section uses of the run that it is a part of. */
export interface SectionParts {
  readonly stack: Pick<RunningStack, "death"> & {
    readonly tap: Pick<TapClient, "openSegment" | "closeSegment" | "scheduling">;
  };
  readonly run: Pick<RunDirectory, "segmentDirectory" | "append" | "writeFile">;
  readonly clock: Clock;
  readonly stop: { readonly cancelled: AbortSignal };
  readonly limits: { readonly drainMs: number };
  /** Seconds between two readings of the engines' pages while the work goes on; 0 or absent: none. */
  readonly sampleSeconds?: number;
  readonly tell: (text: string) => void;
}

/** A stretch of work between two snapshots: a segment of a sweep's cell, or one arm's turn in a block of a replay. */
export interface MeasuredSection {
  readonly cellId: string;
  readonly segmentId: string;
  readonly load: string;
  /** The arm that the work goes through; when a part that it needs ends, the section has no closing drain. */
  readonly arm: ArmToCompare;
  /** Idle before and after the work. */
  readonly engines: readonly (Pick<Engine, "role" | "metricsUrl" | "identity" | "processIdentity"> &
    Partial<Pick<Engine, "url" | "apiKey" | "apiKeyEnv">>)[];
  /** Metrics page of the arm's gateway; null where there is none to read. */
  readonly gatewayPage: string | null;
  readonly keepBodies: boolean;
  /** After the drain, before the first snapshot: makes caches equal, opens sessions. Returns whether caches were emptied. */
  readonly prepare: () => Promise<boolean>;
  /** Returns whether all of the work was done. */
  readonly work: () => Promise<boolean>;
  /** After the taps have closed, also when the work threw: writes further evidence and returns what only the caller knows. */
  readonly finish: (directory: string) => Promise<CallersFacts>;
}

export type CallersFacts = Pick<SegmentFacts, "pressure" | "gatewayLeftovers">;

export interface SectionEnd {
  readonly reason: SegmentEndedRecord["reason"];
  /** What ended although nobody asked it to; null when all is well. */
  readonly death: StackDeath | null;
}

/**
 * The order matters: drain (counters move when a request ends), prepare, snapshot, open the taps, work (and read the
 * engines now and then meanwhile), drain, snapshot, close the taps, write `fidelity.json` and `segment.json`. The last record says that all of this is on disk.
 */
export async function measure(parts: SectionParts, section: MeasuredSection): Promise<SectionEnd> {
  const { run, clock, stack } = parts;
  const { cellId, segmentId } = section;
  const directory = await run.segmentDirectory(cellId, segmentId);
  await drain(parts, section);
  const cacheFlushed = await section.prepare();
  await snapshot(parts, section, { directory, when: "before" });
  await stack.tap.openSegment(directory, section.keepBodies);
  const startedNs = clock.nowNs();
  await run.append({ v: 1, type: "segment-started", cellId, segmentId, at: clock.wallIso(), startedNs });
  const samples = samplesOf(parts, section, directory);
  const opened = { directory, cacheFlushed, startedNs, processors: readProcessorTime(), samples };
  let whole: boolean;
  try {
    whole = await section.work();
  } catch (error) {
    await close(parts, section, { ...opened, whole: false }).catch((closing: unknown) => {
      parts.tell(`the segment could not be closed either: ${messageOf(closing)}`);
    });
    throw error;
  }
  return close(parts, section, { ...opened, whole });
}

interface WorkedSection {
  readonly directory: string;
  readonly cacheFlushed: boolean;
  readonly startedNs: number;
  readonly processors: ProcessorTime | null;
  readonly samples: EngineSamples | null;
  readonly whole: boolean;
}

/** The closing snapshot is taken only after the engines are idle, else the last requests would be missing in it. */
async function close(
  parts: SectionParts,
  section: MeasuredSection,
  worked: WorkedSection,
): Promise<SectionEnd> {
  const { run, clock, stack } = parts;
  const { cellId, segmentId, load } = section;
  const { directory, startedNs, cacheFlushed } = worked;
  const endedNs = clock.nowNs();
  const stolen = stolenShare(worked.processors, readProcessorTime());
  const engineSamples = await worked.samples?.stop();
  const idle = stack.death(section.arm.name) === null && (await drain(parts, section));
  const scrapeErrors = await snapshot(parts, section, { directory, when: "after" });
  const taps = stack.death(section.arm.name)?.part === "tap" ? null : await stack.tap.closeSegment();
  const { pressure, gatewayLeftovers } = await section.finish(directory);
  if (taps !== null && taps.evidenceError === null) {
    const fidelity = await compareSegment(directory, section.arm);
    await run.writeFile(join(directory, "fidelity.json"), `${JSON.stringify(fidelity, null, 2)}\n`);
  }
  const facts: SegmentFacts = {
    v: 1,
    cellId,
    segmentId,
    load,
    cacheFlushed,
    drained: idle && taps?.unfinished === 0,
    scrapeErrors,
    pressure: [
      ...pressure,
      ...(taps ? [{ process: "tap", ...taps.loop, scheduling: schedulingText(stack.tap.scheduling) }] : []),
    ],
    stolenShare: stolen,
    tapTotals: { ...taps?.totals },
    ...(taps === null ? {} : { tapConnections: taps.connections }),
    ...(gatewayLeftovers === undefined ? {} : { gatewayLeftovers }),
    ...(engineSamples === undefined ? {} : { engineSamples }),
    engineIdentity: Object.fromEntries(
      section.engines.map(({ role, identity: { version }, processIdentity }) => [
        role,
        JSON.stringify({ version, ...processIdentity }),
      ]),
    ),
  };
  await run.writeFile(join(directory, "segment.json"), `${JSON.stringify(facts, null, 2)}\n`);
  const death = stack.death(section.arm.name);
  const reason = death === null ? (worked.whole ? "complete" : "interrupted") : "engine-died";
  const at = clock.wallIso();
  const { drained } = facts;
  await run.append({
    v: 1,
    type: "segment-ended",
    cellId,
    segmentId,
    at,
    startedNs,
    endedNs,
    reason,
    drained,
  });
  if (taps && taps.evidenceError !== null) {
    throw new StorageError(directory, "input-output", {
      doing: "The taps could not keep their evidence in",
      cause: taps.evidenceError,
    });
  }
  return { reason, death };
}

/** Both arms are read alike, so that what reading costs is in both. */
function samplesOf(
  { clock, sampleSeconds = 0 }: SectionParts,
  { engines }: MeasuredSection,
  directory: string,
): EngineSamples | null {
  if (sampleSeconds === 0) return null;
  const sampled = engines.map((engine) => ({ ...metricsAccess(engine), ...engine }));
  return new EngineSamples(sampled, { directory, clock, intervalS: sampleSeconds });
}

async function drain({ clock, limits, stop }: SectionParts, { engines }: MeasuredSection): Promise<boolean> {
  const results = await Promise.all(
    engines.map((engine) =>
      waitUntilIdle(engine.metricsUrl, {
        ...metricsAccess(engine),
        clock,
        timeoutMs: limits.drainMs,
        intervalMs: 50,
        scrapeTimeoutMs: 5_000,
        signal: stop.cancelled,
      }),
    ),
  );
  return results.every(({ drained }) => drained);
}

/**
 * `<role>-before.prom` and `<role>-after.prom`. A page that cannot be read is no page: the file is absent, the reason is
 * kept, and nothing is counted as zero.
 */
async function snapshot(
  { run, clock, tell }: SectionParts,
  section: MeasuredSection,
  { directory, when }: { readonly directory: string; readonly when: "before" | "after" },
): Promise<Record<string, string>> {
  const pages: [string, string, MetricsAccess][] = section.engines.map((engine) => [
    engine.role,
    engine.metricsUrl,
    metricsAccess(engine),
  ]);
  if (section.gatewayPage !== null) pages.push(["gateway", section.gatewayPage, {}]);
  const errors: Record<string, string> = {};
  await Promise.all(
    pages.map(async ([name, url, access]) => {
      try {
        const { text } = await scrape(url, { ...access, clock, timeoutMs: 10_000 });
        await run.writeFile(join(directory, `${name}-${when}.prom`), text);
      } catch (error) {
        if (!(error instanceof ScrapeError)) throw error;
        errors[name] = error.message;
        tell(`no ${when} snapshot of the ${name}: ${error.message}`);
      }
    }),
  );
  return errors;
}
