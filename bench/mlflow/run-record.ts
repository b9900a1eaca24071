import { ConfigError } from "../errors.ts";
import type { ServerRun } from "./client/answers.ts";
import { batchesOf, type MetricPoint } from "./client/batches.ts";
import { isUncertain } from "./client/connection.ts";
import type { MlflowClient } from "./client/mlflow-client.ts";
import { MlflowError } from "./client/refusal.ts";
import { digestOf, identityTags, type MlflowEntry } from "./entries/entry.ts";

/** Where an entry belongs on the server. */
export interface RecordPlace {
  readonly experimentId: string;
  readonly runId: string;
  readonly user: string;
  /** Of the run that it is a part of; null for that run itself. */
  readonly parentId: string | null;
}

/** Runs of an experiment that were logged for a run of Tollgate, by part; of several the one that was begun first. */
export async function findRecords(
  client: MlflowClient,
  { experimentId, runId }: Pick<RecordPlace, "experimentId" | "runId">,
): Promise<ReadonlyMap<string, readonly ServerRun[]>> {
  const found = await client.searchRuns(experimentId, `tags.\`${identityTags.runId}\` = ${quoted(runId)}`);
  const parts = Map.groupBy(found, (run) => tagOf(run, identityTags.part) ?? "");
  return new Map([...parts].map(([part, runs]) => [part, runs.toSorted(byBirth)]));
}

/** A merged run is called as its folder, in whatever words. @throws {ConfigError} for what no filter can hold */
function quoted(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  throw new ConfigError(
    `The run ${text} cannot be looked for in MLflow, because its name holds quotes of both kinds. Merge its shards again with a plainer -o.`,
  );
}

/** Which one was made first, as those who made them said; equal for all who ask. */
function byBirth(a: ServerRun, b: ServerRun): number {
  const born = (run: ServerRun) => Number(tagOf(run, bornTag) ?? run.info.start_time);
  return born(a) - born(b) || (a.info.run_id < b.info.run_id ? -1 : 1);
}

const bornTag = "tollgate.logged_at_ms";

export function tagOf(run: ServerRun, key: string): string | null {
  return run.data.tags.find((tag) => tag.key === key)?.value ?? null;
}

/**
 * Makes the runs of entries, in their order. Where two processes log the same run at once, the one that began a record later gives its own
 * up: all are made before anybody looks, so that one pause is enough for everything that others began at this moment.
 */
export async function createRecords(
  client: MlflowClient,
  entries: readonly MlflowEntry[],
  of: { readonly place: RecordPlace; readonly nowMs: () => number },
): Promise<readonly ServerRun[]> {
  if (entries.length === 0) return [];
  const { pausesMs } = client.connection;
  const made: { readonly part: string; readonly run: ServerRun }[] = [];
  for (const entry of entries) made.push({ part: entry.part, run: await createRecord(client, entry, of) });
  await client.connection.wait(pausesMs[0] ?? 0);
  const found = await findRecords(client, of.place);
  const kept: ServerRun[] = [];
  let gaveWay = false;
  for (const { part, run } of made) {
    const first = found.get(part)?.[0];
    if (first === undefined || first.info.run_id === run.info.run_id) {
      kept.push(run);
      continue;
    }
    await client.deleteRun(run.info.run_id);
    kept.push(first);
    gaveWay = true;
  }
  // The other one is to get ahead.
  if (gaveWay) await client.connection.wait(pausesMs[2] ?? 0);
  return kept;
}

/** A call that was not answered may have been done, so before it is sent again the run is looked for. */
async function createRecord(
  client: MlflowClient,
  entry: MlflowEntry,
  { place, nowMs }: { readonly place: RecordPlace; readonly nowMs: () => number },
): Promise<ServerRun> {
  const { pausesMs } = client.connection;
  const tags = {
    [identityTags.runId]: place.runId,
    [identityTags.part]: entry.part,
    [bornTag]: String(nowMs()),
    "mlflow.runName": entry.name,
    "mlflow.user": place.user,
    ...(place.parentId !== null && { "mlflow.parentRunId": place.parentId }),
  };
  const start = { experimentId: place.experimentId, name: entry.name, startedMs: entry.startedMs, tags };
  for (let tries = 0; ; tries += 1) {
    try {
      return await client.createRun(start);
    } catch (error) {
      const waitMs = pausesMs[tries];
      if (!isUncertain(error) || waitMs === undefined) throw error;
      await client.connection.wait(waitMs);
      const there = (await findRecords(client, place)).get(entry.part)?.[0];
      if (there !== undefined) return there;
    }
  }
}

/** What was logged of an entry. */
export interface Recorded {
  readonly metrics: number;
  /** Parameters that stand there with another value: MLflow changes none. */
  readonly otherParams: readonly string[];
  /** Metrics that an earlier call has logged and that the entry has no more: MLflow removes none. */
  readonly oldMetrics: readonly string[];
}

interface Logging {
  readonly record: ServerRun;
  /** A value that changed gets this time, so that it is the latest. */
  readonly nowMs: () => number;
}

/** Logs what of an entry is not there yet. Where another process writes the same at this moment, what it has left out. */
export async function logEntry(
  client: MlflowClient,
  entry: MlflowEntry,
  { record, nowMs }: Logging,
): Promise<Recorded> {
  const { pausesMs } = client.connection;
  let there = record;
  for (let tries = 0; ; tries += 1) {
    try {
      return await logMissing(client, entry, { record: there, nowMs });
    } catch (error) {
      const waitMs = pausesMs[tries];
      if (!isCollision(error) || waitMs === undefined) throw error;
      await client.connection.wait(waitMs);
      there = await client.run(record.info.run_id);
    }
  }
}

/** Two inserts of one parameter at once: the server's database refuses the second, and the server passes its words on. */
function isCollision(error: unknown): boolean {
  return (
    error instanceof MlflowError &&
    error.status === 400 &&
    /UNIQUE|duplicate|IntegrityError/i.test(error.message)
  );
}

async function logMissing(
  client: MlflowClient,
  entry: MlflowEntry,
  { record, nowMs }: Logging,
): Promise<Recorded> {
  const runId = record.info.run_id;
  const params = new Map(record.data.params.map(({ key, value }) => [key, value]));
  const tags = new Map(record.data.tags.map(({ key, value }) => [key, value]));
  const missing = Object.entries(entry.params).filter(([key]) => !params.has(key));
  const otherParams = Object.entries(entry.params).flatMap(([key, value]) =>
    params.has(key) && params.get(key) !== value ? [key] : [],
  );
  const metrics = await newPoints(client, entry, { record, nowMs });
  const loggable = {
    metrics,
    params: Object.fromEntries(missing),
    tags: Object.fromEntries(Object.entries(entry.tags).filter(([key, value]) => tags.get(key) !== value)),
  };
  for (const batch of batchesOf(loggable)) await client.logBatch(runId, batch);
  const known = new Set(record.inputs.dataset_inputs.map(({ dataset }) => datasetKey(dataset)));
  const datasets = entry.datasets.filter((dataset) => !known.has(datasetKey(dataset)));
  if (datasets.length > 0) await client.logInputs(runId, datasets);
  const wanted = new Set(entry.metrics.map(({ key }) => key));
  const isOurs = tags.has(identityTags.logged);
  const oldMetrics = record.data.metrics.flatMap(({ key }) => (isOurs && !wanted.has(key) ? [key] : []));
  return { metrics: metrics.length, otherParams, oldMetrics };
}

function datasetKey({ name, digest }: { readonly name: string; readonly digest: string }): string {
  return JSON.stringify([name, digest]);
}

/**
 * Points that the server has not, in order. Of a metric with one value the last one there says enough; of one with several, all that were
 * logged are asked for. A value that stands there otherwise is logged again with a later time, because of those at one step the server
 * takes the latest, and of equally late ones the greatest.
 */
async function newPoints(
  client: MlflowClient,
  entry: MlflowEntry,
  { record, nowMs }: Logging,
): Promise<readonly MetricPoint[]> {
  if (record.data.metrics.length === 0) return entry.metrics;
  const last = new Map(record.data.metrics.map((point) => [point.key, [point]]));
  const points: MetricPoint[] = [];
  for (const [key, wanted] of Map.groupBy(entry.metrics, (point) => point.key)) {
    const severalSteps = new Set(wanted.map(({ step }) => step)).size > 1;
    const there =
      severalSteps && last.has(key) ? await client.history(record.info.run_id, key) : (last.get(key) ?? []);
    for (const point of wanted) {
      const atStep = there.filter(({ step }) => step === point.step);
      const latest = atStep.toSorted((a, b) => a.timestamp - b.timestamp || a.value - b.value).at(-1);
      if (latest === undefined) points.push(point);
      else if (latest.value !== point.value)
        points.push({ ...point, atMs: Math.max(nowMs(), latest.timestamp + 1) });
    }
  }
  return points;
}

/** Whether an entry stands there as it is wanted. */
export function isLogged(record: ServerRun, entry: MlflowEntry): boolean {
  return tagOf(record, identityTags.logged) === digestOf(entry) && record.info.status === entry.status;
}

/** Marks an entry as whole: after everything else, so that what was cut off is not. */
export async function closeRecord(client: MlflowClient, runId: string, entry: MlflowEntry): Promise<void> {
  await client.updateRun(runId, { status: entry.status, endedMs: entry.endedMs });
  const tags = [{ key: identityTags.logged, value: digestOf(entry) }];
  await client.logBatch(runId, { metrics: [], params: [], tags });
}
