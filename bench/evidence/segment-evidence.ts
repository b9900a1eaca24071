import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, RunUnreadableError } from "../errors.ts";
import { diff } from "../metrics/delta.ts";
import { deriveEngineDelta, type EngineDelta } from "../metrics/engine-delta.ts";
import { ExpositionError } from "../metrics/exposition.ts";
import { readSnapshot, type Snapshot } from "../metrics/snapshot.ts";
import type { Segment } from "../store/progress.ts";
import { fidelityFactsSchema, type FidelityFacts } from "../store/fidelity-facts.ts";
import { eachJsonLine, exists, type StoreWarning } from "../store/read-run.ts";
import { segmentPath } from "../store/run-directory.ts";
import { segmentFactsSchema, type SegmentFacts } from "../store/segment-facts.ts";
import type { EngineSample } from "../store/engine-sample.ts";
import { readEngineSamples } from "./engine-samples.ts";
import { readToolTimes, type ToolTime } from "./episode-stamps.ts";
import { TapColumns } from "./tap-columns.ts";
import { tapsFile, type TapTiming } from "./tap-timing.ts";

/** A segment with everything its evidence folder says about it. */
export interface SegmentEvidence {
  readonly segment: Segment;
  /** null when the driver did not get to write them. */
  readonly facts: SegmentFacts | null;
  /** What the two sides of the arm were found to differ in; null where nothing was compared. */
  readonly fidelity: FidelityFacts | null;
  readonly timings: readonly TapTiming[];
  readonly tools: readonly ToolTime[];
  /** Differences of the engines' own counters; null without two readable snapshots. */
  readonly agentEngine: EngineDelta | null;
  readonly userEngine: EngineDelta | null;
  /** What the engines said of themselves while the segment worked; empty where they were not asked. */
  readonly samples: readonly EngineSample[];
}

/** Reads a segment's evidence. Missing files are absent facts; damaged ones throw RunUnreadableError. */
export async function readSegmentEvidence(
  runDirectory: string,
  segment: Segment,
  warnings: StoreWarning[],
): Promise<SegmentEvidence> {
  const directory = segmentPath(runDirectory, segment);
  const taps = new TapColumns();
  await eachJsonLine(tapsFile(directory), warnings, (timing) => taps.push(timing));
  const seconds = segment.ended === null ? Number.NaN : (segment.ended.endedNs - segment.startedNs) / 1e9;
  return {
    segment,
    facts: await readFacts(join(directory, "segment.json"), segmentFactsSchema),
    fidelity: await readFacts(join(directory, "fidelity.json"), fidelityFactsSchema),
    timings: taps.timings,
    tools: await readToolTimes(directory, warnings),
    agentEngine: await engineDelta({ directory, role: "agent", seconds, segment }, warnings),
    userEngine: await engineDelta({ directory, role: "user", seconds, segment }, warnings),
    samples: await readEngineSamples(directory, warnings),
  };
}

async function readFacts<Facts>(path: string, schema: z.ZodType<Facts>): Promise<Facts | null> {
  if (!(await exists(path))) return null;
  const parsed = schema.safeParse(parseJson(path, await readFile(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new RunUnreadableError(
    `${path} cannot be read: ${z.prettifyError(parsed.error)}. Restore it from a copy.`,
  );
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new RunUnreadableError(`${path} cannot be read: ${messageOf(thrown)}. Restore it from a copy.`, {
      cause: thrown,
    });
  }
}

async function engineDelta(
  of: {
    readonly directory: string;
    readonly role: "agent" | "user";
    readonly seconds: number;
    readonly segment: Segment;
  },
  warnings: StoreWarning[],
): Promise<EngineDelta | null> {
  const before = await snapshot(join(of.directory, `${of.role}-before.prom`), warnings);
  const after = await snapshot(join(of.directory, `${of.role}-after.prom`), warnings);
  if (before === null || after === null) return null;
  // The first page was read just before the segment began.
  const firstAtS = Date.parse(of.segment.at) / 1000;
  const seconds = Number.isFinite(of.seconds) ? of.seconds : null;
  return deriveEngineDelta(diff(before, after, { seconds, firstAtS }), of.seconds);
}

async function snapshot(path: string, warnings: StoreWarning[]): Promise<Snapshot | null> {
  if (!(await exists(path))) return null;
  try {
    return readSnapshot(await readFile(path, "utf8"));
  } catch (thrown) {
    if (!(thrown instanceof ExpositionError)) throw thrown;
    warnings.push({ file: path, line: 0, message: `no metrics page: ${thrown.message}` });
    return null;
  }
}
