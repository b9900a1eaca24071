import type { RunJson } from "../../store/run-json.ts";
import type { MlflowEntry } from "./entry.ts";
import { identityTagsOf } from "./run-identity.ts";

/** A run that has begun: what its servers are is not known yet, so it has no parameter that would have to be changed later. */
export function startedEntry(run: RunJson): MlflowEntry {
  const simulated = run.simulated ? " SIMULATED ENGINES: times are those of a simulator, not of a GPU." : "";
  return {
    part: "run",
    name: run.runId,
    startedMs: Date.parse(run.createdAt),
    endedMs: null,
    status: "RUNNING",
    params: {},
    tags: {
      ...identityTagsOf(run, {
        note: `Running.${simulated} Values are logged when it has ended.`,
        simulated: run.simulated,
      }),
      "tollgate.state": "running",
    },
    metrics: [],
    datasets: [],
  };
}
