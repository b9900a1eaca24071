import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { storing } from "../store/storage-error.ts";
import type { EvidenceFolder } from "../workload/workload.ts";

/** Files of lines in a segment's folder, e.g. `tools.ndjson`: lines of one file are appended in order. */
export class EvidenceLines implements EvidenceFolder {
  readonly directory: string;
  #last: Promise<void> = Promise.resolve();
  #error: unknown = null;

  constructor(directory: string) {
    this.directory = directory;
  }

  append(file: string, line: object): Promise<void> {
    const path = join(this.directory, file);
    const text = `${JSON.stringify(line)}\n`;
    const written = this.#last.then(() => storing(path, "Cannot write", () => appendFile(path, text)));
    // A failure is for who waits for this line; the next one is tried all the same.
    this.#last = written.catch(() => undefined);
    return written;
  }

  /** Appends a line that nobody waits for: the first error is kept for `close`. */
  add(file: string, line: object): void {
    this.append(file, line).catch((error: unknown) => {
      this.#error ??= error;
    });
  }

  /** @throws {StorageError} that of the first line that nobody waited for and that could not be written */
  async close(): Promise<void> {
    await this.#last;
    if (this.#error !== null) throw this.#error as Error;
  }
}
