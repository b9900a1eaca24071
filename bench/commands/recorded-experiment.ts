import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import type { StoredRun } from "../store/read-run.ts";
import { readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";

/** The experiment as the run resolved it, so that a run from elsewhere needs no file; `--set` names what is elsewhere here. */
export async function recordedExperiment(
  source: Pick<StoredRun, "identity">,
  set: readonly string[],
  host: Host,
): Promise<LoadedExperiment> {
  const { file: _file, ...resolved } = source.identity.resolved;
  const folder = await mkdtemp(join(tmpdir(), "tollgate-experiment-"));
  try {
    const file = join(folder, "experiment.yaml");
    // JSON is YAML.
    await writeFile(file, JSON.stringify(resolved));
    return readExperiment(file, set, host);
  } finally {
    await rm(folder, { recursive: true });
  }
}
