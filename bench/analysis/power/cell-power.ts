import { join } from "node:path";
import { z } from "zod";
import { resolvedInVariant } from "../../config/variants.ts";
import { powerSampleSchema, type PowerSample } from "../../store/power-sample.ts";
import { readJsonLines, type StoredRun, type StoreWarning } from "../../store/read-run.ts";
import { segmentsOf, type Segment } from "../../store/progress.ts";
import { segmentPath } from "../../store/run-directory.ts";
import type { CellSummary } from "../cell/cell-summary.ts";

export const cellPowerSchema = z.object({
  cellId: z.string(),
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  variant: z.string().optional(),
  source: powerSampleSchema.shape.source,
  /** Those that it is the power of. */
  gpus: z.array(z.string()),
  /** Readings of each of them. */
  samples: z.number().int(),
  /** Of all of these GPUs together, mean over the used segments. */
  watts: z.number(),
  /** Over the episodes that did not fail; null without one. */
  joulesPerEpisode: z.number().nullable(),
});
export type CellPower = z.infer<typeof cellPowerSchema>;

/** Fewest readings of a segment that say something about all of it. */
const samplesMin = 3;
/** Share of a segment between its first and its last reading: of the rest nothing is known. */
const coveredMin = 0.7;

/**
 * What the GPUs of the agent's engine drew in a cell; null where nobody measured it, or too seldom. Without a list of GPUs in the
 * experiment it is known only of a DCGM page that it names: then of all GPUs on that page.
 */
export async function readCellPower(
  run: Pick<StoredRun, "directory" | "records" | "identity">,
  { cellId, segments, rates, variant }: Pick<CellSummary, "cellId" | "segments" | "rates" | "variant">,
  warnings: StoreWarning[],
): Promise<CellPower | null> {
  const used = new Set(segments.filter((use) => use.used).map(({ segmentId }) => segmentId));
  const stated = statedIds(resolvedInVariant(run.identity.resolved, variant));
  const parts: MeasuredPower[] = [];
  for (const segment of segmentsOf(run.records)) {
    if (segment.cellId !== cellId || !used.has(segment.segmentId) || segment.ended === null) continue;
    const samples: PowerSample[] = [];
    const path = join(segmentPath(run.directory, segment), "power.ndjson");
    for await (const { value } of readJsonLines(path, powerSampleSchema, warnings)) samples.push(value);
    const measured = segmentPower(samples, stated, segment);
    if (measured === null) return null;
    parts.push(measured);
  }
  const [first] = parts;
  if (first === undefined) return null;
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const joules = parts.reduce((sum, part) => sum + part.watts * part.seconds, 0);
  const episodes = rates.episodesPerMinute.count;
  return {
    cellId,
    ...(variant !== undefined && { variant }),
    source: first.source,
    gpus: [...first.gpus],
    samples: parts.reduce((sum, part) => sum + part.samples, 0),
    watts: joules / seconds,
    joulesPerEpisode: episodes === 0 ? null : joules / episodes,
  };
}

interface MeasuredPower {
  readonly source: PowerSample["source"];
  readonly gpus: readonly string[];
  readonly samples: number;
  readonly watts: number;
  readonly seconds: number;
}

function segmentPower(
  samples: readonly PowerSample[],
  stated: readonly string[] | null,
  { startedNs, ended }: Pick<Segment, "startedNs" | "ended">,
): MeasuredPower | null {
  const [first] = samples;
  if (first === undefined || samples.length < samplesMin || ended === null) return null;
  const seconds = (ended.endedNs - startedNs) / 1e9;
  const covered = ((samples.at(-1)?.atNs ?? first.atNs) - first.atNs) / 1e9;
  if (covered < coveredMin * seconds) return null;
  if (stated === null && first.source !== "dcgm") return null;
  const gpus = stated ?? first.gpus.map(({ index, uuid }) => uuid || index);
  const sums = samples.map((one) => wattsOf(one, gpus));
  const known = sums.filter((watts) => watts !== null);
  // Where one of the GPUs did not tell, the sum would be of the others.
  if (gpus.length === 0 || known.length < sums.length) return null;
  return {
    source: first.source,
    gpus,
    samples: samples.length,
    watts: known.reduce((sum, watts) => sum + watts, 0) / known.length,
    seconds,
  };
}

function wattsOf({ gpus }: PowerSample, wanted: readonly string[]): number | null {
  let sum = 0;
  for (const id of wanted) {
    const found = gpus.find(({ index, uuid }) => index === id || uuid === id);
    if (found === undefined) return null;
    sum += found.watts;
  }
  return sum;
}

const placedSchema = z.object({
  stack: z.object({ agent: z.object({ gpus: z.array(z.union([z.string(), z.number()])).min(1) }) }),
});

/** As the experiment numbers the GPUs of the agent's engine; null where it does not. */
function statedIds(resolved: Readonly<Record<string, unknown>>): readonly string[] | null {
  return placedSchema.safeParse(resolved).data?.stack.agent.gpus.map(String) ?? null;
}
