import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { diff } from "../../metrics/delta.ts";
import { deriveEngineDelta } from "../../metrics/engine-delta.ts";
import { ExpositionError } from "../../metrics/exposition.ts";
import { readSnapshot, type Snapshot } from "../../metrics/snapshot.ts";
import { exists } from "../../store/read-run.ts";

/** What a request waited for its turn at the agent engine, mean over a closed segment; null where its pages do not say. */
export async function meanQueueSeconds(segmentDirectory: string): Promise<number | null> {
  const before = await snapshotIn(segmentDirectory, "agent-before.prom");
  const after = await snapshotIn(segmentDirectory, "agent-after.prom");
  if (before === null || after === null) return null;
  // Rates are not asked for, so the length of the segment does not matter.
  return deriveEngineDelta(diff(before, after, { seconds: null, firstAtS: null }), Number.NaN)
    .avg_queue_time_seconds;
}

async function snapshotIn(directory: string, name: string): Promise<Snapshot | null> {
  const path = join(directory, name);
  if (!(await exists(path))) return null;
  try {
    return readSnapshot(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof ExpositionError) return null; // No metrics page: the report of the run says so.
    throw error;
  }
}
