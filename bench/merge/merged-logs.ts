import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exists, logPath, parseJsonLine, recordsFile, type EpisodeLog } from "../store/read-run.ts";
import { readLines } from "../store/line-file.ts";
import type { RunRecord } from "../store/record.ts";
import { storing } from "../store/storage-error.ts";
import type { ShardRun } from "./shard-run.ts";

/** Appends to files of the merged run, a shard after the other. */
export class MergedLogs implements AsyncDisposable {
  readonly #directory: string;
  readonly #open = new Map<string, FileHandle>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Everything that grows with a run: whole lines of recorded episodes only, as they are. Throws StorageError. */
  async append(shard: ShardRun): Promise<void> {
    const episodes = shard.records.filter((record) => record.type === "episode");
    const keys = new Set(episodes.map(({ episodeId, segmentId }) => `${episodeId}/${segmentId}`));
    const attempts = new Set(episodes.map(({ attemptKey }) => attemptKey));
    await this.#appendRecords(shard);
    await this.#appendLog(shard, "trajectories.jsonl", (line, where) => {
      const { episodeId, segmentId } = namesIn(line, where);
      return keys.has(`${episodeId}/${segmentId}`);
    });
    await this.#appendLog(shard, "tokens.jsonl", (line, where) =>
      attempts.has(namesIn(line, where).attemptKey),
    );
    await this.#appendLines("judgements.jsonl", join(shard.directory, "judgements.jsonl"), () => true);
  }

  /** The last record of the merged run. Throws StorageError. */
  async end(record: RunRecord): Promise<void> {
    await this.#write("records.jsonl", Buffer.from(`${JSON.stringify(record)}\n`));
  }

  /** Waits until everything is on disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, file] of this.#open) {
      await storing(join(this.#directory, name), "Cannot write", () => file.sync());
      await file.close();
    }
  }

  async #appendRecords({ directory, recordsEndByte }: ShardRun): Promise<void> {
    if (recordsEndByte === 0) return;
    const { path } = recordsFile(directory);
    for await (const chunk of createReadStream(path, { end: recordsEndByte - 1 }) as AsyncIterable<Buffer>)
      await this.#write("records.jsonl", chunk);
  }

  async #appendLog(
    shard: ShardRun,
    log: EpisodeLog,
    keeps: (line: Buffer, where: string) => boolean,
  ): Promise<void> {
    const path = await logPath(shard.directory, log);
    if (path !== null) await this.#appendLines(log, path, keeps);
  }

  async #appendLines(
    name: string,
    from: string,
    keeps: (line: Buffer, where: string) => boolean,
  ): Promise<void> {
    if (!(await exists(from))) return;
    for await (const { bytes, number, terminated } of readLines(from))
      if (terminated && keeps(bytes, `${from}:${number}`))
        await this.#write(name, Buffer.concat([bytes, newline]));
  }

  async #write(name: string, bytes: Buffer): Promise<void> {
    const path = join(this.#directory, name);
    await storing(path, "Cannot write", async () => {
      let file = this.#open.get(name);
      if (file === undefined) {
        file = await open(path, "wx", 0o600);
        this.#open.set(name, file);
      }
      await file.writeFile(bytes);
    });
  }
}

const newline = Buffer.from("\n");

const namesSchema = z.object({
  episodeId: z.string(),
  segmentId: z.string().optional(),
  attemptKey: z.string(),
});

/** @throws {RunUnreadableError} for a line that is none of a log */
function namesIn(line: Buffer, where: string): z.infer<typeof namesSchema> {
  return parseJsonLine({ where, schema: namesSchema }, line);
}
