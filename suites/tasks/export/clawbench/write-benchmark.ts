import { join } from "node:path";
import { makeFolder } from "../../../../bench/store/make-folder.ts";
import { storing } from "../../../../bench/store/storage-error.ts";
import { writeWhole } from "../../../../bench/store/text-store.ts";
import type { TriedRun } from "../../attempts/trial.ts";
import { benchmarkOf, type Benchmark, type TriedCell } from "./benchmark.ts";

/** Writes a cell's `benchmark.json`; none, and null, where nothing was scored: its means would be zeros. Throws StorageError. */
export async function writeBenchmark(
  out: string,
  run: TriedRun,
  tried: TriedCell,
): Promise<{ readonly file: string; readonly benchmark: Benchmark | null }> {
  const file = join(tried.cell.cellId, "benchmark.json");
  const benchmark = benchmarkOf(run, tried);
  if (benchmark.task_results.length === 0) return { file, benchmark: null };
  await storing(out, "Cannot create", () => makeFolder(join(out, tried.cell.cellId)));
  const path = join(out, file);
  await storing(path, "Cannot write", () => writeWhole(path, `${JSON.stringify(benchmark, null, 2)}\n`));
  return { file, benchmark };
}
