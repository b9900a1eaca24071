import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { indexFile } from "../../store/index-cache.ts";
import { systemErrorCode } from "../../store/storage-error.ts";
import type { ReportModel } from "./report-model.ts";

/** Bytes of the files in a run directory: all of them but its cache, and its two large parts. */
export async function diskUse(directory: string): Promise<ReportModel["totals"]["diskBytes"]> {
  let [all, trajectories, evidence] = [0, 0, 0];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === indexFile) continue;
    const path = join(entry.parentPath, entry.name);
    const size = await sizeOf(path);
    all += size;
    if (entry.name.startsWith("trajectories.jsonl")) trajectories += size;
    if (path.startsWith(join(directory, "evidence"))) evidence += size;
  }
  return { all, trajectories, evidence };
}

/** A file that a running driver has renamed meanwhile has no size. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (systemErrorCode(thrown) === "ENOENT") return 0;
    throw thrown;
  }
}
