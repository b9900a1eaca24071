import { systemClock } from "../measure/clock.ts";
import { areUploaded, uploadArtifacts } from "./artifacts.ts";
import type { ServerRun } from "./client/answers.ts";
import { MlflowConnection, type MlflowConnectionOptions } from "./client/connection.ts";
import { MlflowClient, type RunStatus } from "./client/mlflow-client.ts";
import { identityTags, type MlflowEntry } from "./entries/entry.ts";
import type { FiguresOf } from "./entries/own-names.ts";
import { readEntries, type ReadRun } from "./entries/read-entries.ts";
import { experimentFor } from "./experiment.ts";
import {
  closeRecord,
  createRecords,
  findRecords,
  isLogged,
  logEntry,
  tagOf,
  type RecordPlace,
} from "./run-record.ts";
import type { MlflowTarget } from "./client/target.ts";
import { sendTraces } from "./traces.ts";

export interface LogRunOptions extends MlflowConnectionOptions {
  readonly target: MlflowTarget;
  /** Warnings, a line each. */
  readonly tell: (line: string) => void;
  /** A trace per episode, for MLflow 3 (default: none). */
  readonly traces?: boolean;
  /** Requests and episodes as Parquet among the artifacts (default: yes). */
  readonly tables?: boolean;
  /** What another program would call a run's figures. */
  readonly figuresOf?: FiguresOf;
  readonly nowMs?: () => number;
}

export interface LoggedRun {
  readonly experimentId: string;
  /** MLflow's. */
  readonly runId: string;
  /** Of its page. */
  readonly url: string;
  readonly status: RunStatus;
  /** Everything was there before. */
  readonly already: boolean;
  readonly children: number;
  /** Values that were logged now, with those of the children. */
  readonly metrics: number;
  /** Files that were uploaded now. */
  readonly artifacts: number;
  /** null: not asked for. */
  readonly traces: number | null;
  readonly warnings: readonly string[];
}

/**
 * Logs a run to MLflow: a run there for the whole, a child for each cell, the task set, the report and tables. Whatever state the run is in
 * is logged as that, and what is there already is left as it is: called again after any interruption, it goes on where it was.
 * Throws MlflowError, CollectorError (traces), RunUnreadableError.
 */
export async function logRun(directory: string, options: LogRunOptions): Promise<LoggedRun> {
  return await logEntries(await readEntries(directory, options.figuresOf), directory, options);
}

/** The same of a run that was read. @param directory of its tables and traces */
export async function logEntries(
  entries: ReadRun,
  directory: string,
  options: LogRunOptions,
): Promise<LoggedRun> {
  const { target } = options;
  const client = new MlflowClient(new MlflowConnection(target, options));
  const experimentId = await experimentFor(client, target);
  const logging = new Logging(client, {
    place: { experimentId, runId: entries.runId, user: target.user, parentId: null },
    nowMs: options.nowMs ?? (() => Date.parse(systemClock.wallIso())),
  });
  await logging.look();
  const parent = await logging.parent(entries.whole);
  const parentId = parent.info.run_id;
  for (const recorded of await logging.records(entries.parts, parentId)) await logging.whole(recorded);
  await logging.values(entries.whole, parent);
  const { report, files, hasTables } = entries;
  const source = { directory, report, files, tables: hasTables && options.tables !== false };
  const uploaded =
    isLogged(parent, entries.whole) && areUploaded(parent, source)
      ? { files: 0, warning: null }
      : await uploadArtifacts(client, parent, source);
  if (uploaded.warning !== null) logging.warnings.push(uploaded.warning);
  const traces =
    options.traces === true
      ? await tracesOf(client, parent, {
          directory,
          target,
          experimentId,
          signal: options.signal,
          warn: (text) => logging.warnings.push(text),
        })
      : null;
  await logging.close(entries.whole, parent);
  for (const warning of logging.warnings) options.tell(warning);
  return {
    experimentId,
    runId: parentId,
    url: `${target.url}/#/experiments/${experimentId}/runs/${parentId}`,
    status: entries.whole.status,
    already: !logging.changed && uploaded.files === 0 && (traces ?? 0) === 0,
    children: entries.parts.length,
    metrics: logging.metrics,
    artifacts: uploaded.files,
    traces,
    warnings: logging.warnings,
  };
}

/** An entry and what stands for it on the server. */
interface Recorded {
  readonly entry: MlflowEntry;
  readonly record: ServerRun;
}

interface LoggingOptions {
  readonly place: RecordPlace;
  readonly nowMs: () => number;
}

/** One call of {@link logRun}: what was there before it, and what it has done. */
class Logging {
  readonly warnings: string[] = [];
  metrics = 0;
  changed = false;
  readonly #client: MlflowClient;
  readonly #options: LoggingOptions;
  #there: ReadonlyMap<string, readonly ServerRun[]> = new Map();

  constructor(client: MlflowClient, options: LoggingOptions) {
    this.#client = client;
    this.#options = options;
  }

  async look(): Promise<void> {
    this.#there = await findRecords(this.#client, this.#options.place);
    for (const [part, [first, ...others]] of this.#there)
      if (first !== undefined && others.length > 0)
        this.warnings.push(
          `${part} stands ${others.length + 1} times in the experiment; the first (${first.info.run_id}) is gone on with. Delete ${others.map(({ info }) => info.run_id).join(", ")} there.`,
        );
  }

  async parent(entry: MlflowEntry): Promise<ServerRun> {
    const [recorded] = await this.records([entry]);
    if (recorded === undefined) throw new Error(`${entry.part} has no record`);
    return recorded.record;
  }

  /** The server's runs of entries, made where there are none, each with its entry. */
  async records(
    entries: readonly MlflowEntry[],
    parentId: string | null = null,
  ): Promise<readonly Recorded[]> {
    const { place, nowMs } = this.#options;
    const missing = entries.filter(({ part }) => !this.#there.has(part));
    if (missing.length > 0) this.changed = true;
    const made = await createRecords(this.#client, missing, { place: { ...place, parentId }, nowMs });
    return entries.map((entry) => {
      const record = this.#there.get(entry.part)?.[0] ?? made[missing.indexOf(entry)];
      if (record === undefined) throw new Error(`${entry.part} has no record`);
      return { entry, record };
    });
  }

  async values(entry: MlflowEntry, record: ServerRun): Promise<void> {
    if (isLogged(record, entry)) return;
    this.changed = true;
    const { metrics, otherParams, oldMetrics } = await logEntry(this.#client, entry, {
      record,
      nowMs: this.#options.nowMs,
    });
    this.metrics += metrics;
    if (otherParams.length > 0)
      this.warnings.push(
        `${entry.name}: MLflow changes no parameter, so ${otherParams.slice(0, 5).join(", ")} stay as they were logged before`,
      );
    if (oldMetrics.length > 0)
      this.warnings.push(
        `${entry.name}: MLflow removes no value, so ${oldMetrics.slice(0, 5).join(", ")}${oldMetrics.length > 5 ? ` and ${oldMetrics.length - 5} more` : ""} stand there although the run has them no more. Delete the run there and log it again.`,
      );
  }

  async close(entry: MlflowEntry, record: ServerRun): Promise<void> {
    if (!isLogged(record, entry)) await closeRecord(this.#client, record.info.run_id, entry);
  }

  /** A part that has no files of its own, from its beginning to its end. */
  async whole({ entry, record }: Recorded): Promise<void> {
    await this.values(entry, record);
    await this.close(entry, record);
  }
}

async function tracesOf(
  client: MlflowClient,
  parent: ServerRun,
  of: {
    readonly directory: string;
    readonly target: MlflowTarget;
    readonly experimentId: string;
    readonly signal: AbortSignal;
    readonly warn: (text: string) => void;
  },
): Promise<number> {
  const runId = parent.info.run_id;
  const version = await client.version();
  if (version !== null && Number.parseInt(version, 10) < 3) {
    of.warn(`the server is MLflow ${version}, and traces need version 3: none were sent`);
    return 0;
  }
  if (tagOf(parent, identityTags.traces) !== null && parent.info.status === "FINISHED") return 0;
  const { directory, target, experimentId, signal } = of;
  const traces = await sendTraces(directory, { target, experimentId, runId }, signal);
  const tags = [{ key: identityTags.traces, value: String(traces) }];
  await client.logBatch(runId, { metrics: [], params: [], tags });
  return traces;
}
