import { createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { storing } from "../store/storage-error.ts";

/** Writes a file line by line in constant memory; its name appears when it is complete. */
export class WholeFileWriter {
  readonly #path: string;
  readonly #stream: WriteStream;
  readonly #end: Promise<void>;

  constructor(path: string) {
    this.#path = path;
    this.#stream = createWriteStream(`${path}.tmp`, { flush: true });
    this.#end = finished(this.#stream);
    // Looked at again by every write and by close.
    this.#end.catch(() => undefined);
  }

  /** Throws StorageError. */
  async write(line: string): Promise<void> {
    if (this.#stream.write(`${line}\n`)) return;
    await storing(this.#path, "Cannot write", () => Promise.race([once(this.#stream, "drain"), this.#end]));
  }

  /** Throws StorageError. */
  async close(): Promise<void> {
    this.#stream.end();
    await storing(this.#path, "Cannot write", async () => {
      await this.#end;
      await rename(`${this.#path}.tmp`, this.#path);
    });
  }
}
