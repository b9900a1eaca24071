import { open, type FileHandle } from "node:fs/promises";
import { storing } from "./storage-error.ts";

/**
 * A file that only grows by whole lines. A line that could not be written completely is cut off again, so that a disk
 * that was full for a moment cannot leave half a line in the middle of the file.
 */
export class AppendFile implements AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  #length: number;
  /** Why half a line may be at the end of the file; nothing may follow it. */
  #damage: Error | null = null;

  private constructor(path: string, handle: FileHandle, length: number) {
    this.path = path;
    this.#handle = handle;
    this.#length = length;
  }

  /** Opens or creates the file for appending. Throws StorageError. */
  static async open(path: string): Promise<AppendFile> {
    return storing(path, "Cannot open", async () => {
      const handle = await open(path, "a");
      const { size } = await handle.stat();
      return new AppendFile(path, handle, size);
    });
  }

  /** Bytes of complete lines. */
  get length(): number {
    return this.#length;
  }

  /** Appends one line with one write and waits until it is on disk. Calls must not overlap. Throws StorageError. */
  async appendLine(text: string): Promise<void> {
    const bytes = Buffer.from(`${text}\n`);
    await storing(this.path, "Cannot append to", async () => {
      if (this.#damage !== null) throw this.#damage;
      try {
        const { bytesWritten } = await this.#handle.write(bytes);
        // A file system that is nearly full first writes less than asked. Writing the rest then fails with the reason.
        if (bytesWritten < bytes.length) await this.#handle.writeFile(bytes.subarray(bytesWritten));
        await this.#handle.datasync();
      } catch (thrown) {
        await this.#handle.truncate(this.#length).catch(() => {
          this.#damage = thrown instanceof Error ? thrown : new Error(String(thrown));
        });
        throw thrown;
      }
    });
    this.#length += bytes.length;
  }

  /** Cuts off lines that were appended last. Throws StorageError. */
  async truncate(length: number): Promise<void> {
    await storing(this.path, "Cannot truncate", () => this.#handle.truncate(length));
    this.#length = length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
