import { systemClock } from "../measure/clock.ts";
import type { RunJson } from "../store/run-json.ts";
import { MlflowConnection, type MlflowConnectionOptions } from "./client/connection.ts";
import { MlflowClient } from "./client/mlflow-client.ts";
import type { MlflowTarget } from "./client/target.ts";
import { startedEntry } from "./entries/started-entry.ts";
import { experimentFor } from "./experiment.ts";
import { createRecords, findRecords, logEntry } from "./run-record.ts";

/** Makes a run visible that has just begun, or goes on: without any value, which {@link logRun} logs at its end. Throws MlflowError. */
export async function announceRun(
  run: RunJson,
  target: MlflowTarget,
  options: MlflowConnectionOptions,
): Promise<void> {
  const client = new MlflowClient(new MlflowConnection(target, options));
  const experimentId = await experimentFor(client, target);
  const place = { experimentId, runId: run.runId, user: target.user, parentId: null };
  const nowMs = () => Date.parse(systemClock.wallIso());
  const entry = startedEntry(run);
  const [found] = (await findRecords(client, place)).get(entry.part) ?? [];
  if (found !== undefined) await client.updateRun(found.info.run_id, { status: "RUNNING", endedMs: null });
  const records = found === undefined ? await createRecords(client, [entry], { place, nowMs }) : [found];
  for (const record of records) await logEntry(client, entry, { record, nowMs });
}
