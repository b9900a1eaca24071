import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError, RunUnreadableError } from "../errors.ts";
import { recordedEpisodeSchema } from "../workload/recorded-episode.ts";
import { AppendFile } from "./append-file.ts";
import { restoreLog } from "./compressed-log.ts";
import { DriverLock } from "./driver-lock.ts";
import { dropOrphans } from "./orphan-lines.ts";
import { exists, readRun, readRunJson, type StoredRun, type StoreWarning } from "./read-run.ts";
import { recordSchema, trajectorySchema, type EpisodeRecord, type RunRecord } from "./record.ts";
import { runJsonSchema, type RunJson } from "./run-json.ts";
import { storing, systemErrorCode } from "./storage-error.ts";
import { TextStore, writeWhole } from "./text-store.ts";
import { trajectoryOf, type AttemptEvidence } from "./trajectory.ts";

/** `<experiment>-<YYYYMMDDTHHMMSSZ>-<6 hex>`; `suffix` is six random hex digits. */
export function runIdOf(name: {
  readonly experiment: string;
  readonly at: Date;
  readonly suffix: string;
}): string {
  const stamp = name.at.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${name.experiment}-${stamp}-${name.suffix}`;
}

/**
 * A run directory that this process writes. Every method waits until its bytes are on disk: when it has returned,
 * they survive kill -9 and a power cut. After a StorageError nothing of that call counts.
 */
export class RunDirectory implements AsyncDisposable {
  readonly path: string;
  readonly #lock: DriverLock;
  readonly #records: AppendFile;
  readonly #trajectories: AppendFile;
  /** Opened with the first episode whose gateway recorded its calls: most runs have no such file. */
  #tokens: AppendFile | null = null;
  readonly #texts: TextStore;
  /** One writer at a time: episodes end in any order, lines must not mix. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    parts: {
      readonly lock: DriverLock;
      readonly records: AppendFile;
      readonly trajectories: AppendFile;
    },
  ) {
    this.path = path;
    this.#lock = parts.lock;
    this.#records = parts.records;
    this.#trajectories = parts.trajectories;
    this.#texts = new TextStore(path);
  }

  /** Makes `<parent>/<identity.runId>` with `run.json` in it. Throws StorageError. */
  static async create(
    parent: string,
    options: { readonly identity: RunJson; readonly pid: number },
  ): Promise<RunDirectory> {
    const identity = runJsonSchema.parse(options.identity);
    const path = resolve(parent, identity.runId);
    await storing(path, "Cannot create", async () => {
      await makeFolder(parent);
      await mkdir(path);
      await mkdir(join(path, "report"));
      // What other programs print, and what was sent and answered, may hold keys of theirs.
      for (const folder of ["logs", "evidence"]) await mkdir(join(path, folder), { mode: 0o700 });
      await writeWhole(join(path, "run.json"), `${JSON.stringify(identity, null, 2)}\n`, 0o600);
    });
    const lock = await DriverLock.acquire(path, options.pid);
    return RunDirectory.#open(path, lock);
  }

  /**
   * Opens a run to go on with it: takes the lock, cuts off a torn last line, drops trajectories whose episode was not
   * recorded. Throws RunUnreadableError (another driver, damaged file) or StorageError.
   */
  static async resume(
    directory: string,
    options: { readonly pid: number },
  ): Promise<{ readonly run: RunDirectory; readonly stored: StoredRun }> {
    const path = resolve(directory);
    await readRunJson(path).catch((error: unknown) => {
      throw error instanceof ConfigError ? new RunUnreadableError(error.message, { cause: error }) : error;
    });
    const lock = await DriverLock.acquire(path, options.pid);
    try {
      // Only after the lock: until then another driver may still append.
      const stored = await readRun(path);
      const orphanWarnings = await cleared(path, stored);
      const run = await RunDirectory.#open(path, lock);
      // A file that is cut to the length that it has counts as written just now.
      if (run.#records.length > stored.recordsEndByte) await run.#records.truncate(stored.recordsEndByte);
      return { run, stored: { ...stored, warnings: [...stored.warnings, ...orphanWarnings] } };
    } catch (thrown) {
      await lock[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  static async #open(path: string, lock: DriverLock): Promise<RunDirectory> {
    await restoreLog(path, "trajectories.jsonl");
    const records = await AppendFile.open(join(path, "records.jsonl"));
    const trajectories = await AppendFile.open(join(path, "trajectories.jsonl"));
    return new RunDirectory(path, { lock, records, trajectories });
  }

  get logDirectory(): string {
    return join(this.path, "logs");
  }

  get reportDirectory(): string {
    return join(this.path, "report");
  }

  /** Appends any record but an episode's. */
  async append(record: Exclude<RunRecord, { readonly type: "episode" }>): Promise<void> {
    const line = JSON.stringify(recordSchema.parse(record));
    await this.#inTurn(() => this.#records.appendLine(line));
  }

  /** Stores an episode: its texts, its tokens, its trajectory, then the record that makes it finished. */
  async appendEpisode(record: EpisodeRecord, attempt: AttemptEvidence): Promise<void> {
    const recordLine = JSON.stringify(recordSchema.parse({ ...record, attemptKey: attempt.attemptKey }));
    const { trajectory, texts } = trajectoryOf(record, attempt);
    const trajectoryLine = JSON.stringify(trajectorySchema.parse(trajectory));
    const tokensLine = tokensOf(record, attempt);
    await this.#inTurn(async () => {
      for (const text of texts) await this.#texts.put(text);
      const lines: [AppendFile, string][] = [
        [this.#trajectories, trajectoryLine],
        [this.#records, recordLine],
      ];
      if (tokensLine !== null) lines.unshift([await this.#openTokens(), tokensLine]);
      await appendAll(lines);
    });
  }

  /** Makes and returns `evidence/<cell>/<segment>`, absolute. Throws StorageError. */
  async segmentDirectory(cellId: string, segmentId: string): Promise<string> {
    const path = segmentPath(this.path, { cellId, segmentId });
    await storing(path, "Cannot create", () => mkdir(path, { recursive: true }));
    return path;
  }

  /** Writes one evidence or report file; its name appears only with its whole content. Throws StorageError. */
  async writeFile(path: string, text: string): Promise<void> {
    await storing(path, "Cannot write", () => writeWhole(path, text));
  }

  /** Closes the files and removes `driver.pid`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#records[Symbol.asyncDispose]();
    await this.#trajectories[Symbol.asyncDispose]();
    await this.#tokens?.[Symbol.asyncDispose]();
    await this.#lock[Symbol.asyncDispose]();
  }

  async #openTokens(): Promise<AppendFile> {
    if (this.#tokens === null) {
      await restoreLog(this.path, "tokens.jsonl");
      this.#tokens = await AppendFile.open(join(this.path, "tokens.jsonl"));
    }
    return this.#tokens;
  }

  async #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(operation);
    // A failure is for the caller of this write; the next write begins all the same.
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

/** What a killed driver left behind the last record is cut off; one that came to its end left nothing. */
async function cleared(path: string, { records }: StoredRun): Promise<readonly StoreWarning[]> {
  if (records.at(-1)?.type === "run-ended") return [];
  await restoreLog(path, "trajectories.jsonl");
  await restoreLog(path, "tokens.jsonl");
  return await dropOrphans(path, records);
}

/** All lines or none: what was written before a line that could not be is cut off again. */
async function appendAll(lines: readonly (readonly [file: AppendFile, line: string])[]): Promise<void> {
  const lengths = lines.map(([file]) => file.length);
  for (const [index, [file, line]] of lines.entries()) {
    try {
      await file.appendLine(line);
    } catch (thrown) {
      for (const [at, [written]] of lines.slice(0, index).entries())
        await written.truncate(lengths[at] ?? written.length);
      throw thrown;
    }
  }
}

function tokensOf({ episodeId }: EpisodeRecord, { attemptKey, recorded }: AttemptEvidence): string | null {
  if (recorded === null) return null;
  return JSON.stringify(recordedEpisodeSchema.parse({ ...recorded, episodeId, attemptKey }));
}

/**
 * Makes a folder and what leads to it. Node's own recursive mkdir never returns where the kernel says "no such file"
 * although the parent is there, as /proc does.
 */
async function makeFolder(path: string): Promise<void> {
  if (await exists(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch((thrown: unknown) => {
    // Another run was faster.
    if (systemErrorCode(thrown) !== "EEXIST") throw thrown;
  });
}

/** Where the evidence of a segment lies. */
export function segmentPath(
  runDirectory: string,
  segment: { readonly cellId: string; readonly segmentId: string },
): string {
  return join(runDirectory, "evidence", segment.cellId, segment.segmentId);
}
