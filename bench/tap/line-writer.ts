import { open, type FileHandle } from "node:fs/promises";
import { messageOf } from "../errors.ts";

/** Characters of lines that wait for the disk: where more would wait, evidence is given up and not the measuring. One text holds no more. */
const pendingCharsMax = 480 << 20;
const megabytes = (chars: number): string => `${Math.round(chars / 2 ** 20)} MB`;

/**
 * Appends lines to a file; `append` does not wait. Lines that come while a write is under way are written together by
 * the next write. After the first error it writes nothing more, so that only the last line can be torn.
 */
export class LineWriter {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #onFailure: (message: string) => void;
  #pending: string[] = [];
  #pendingChars = 0;
  #writing: Promise<void> | null = null;
  #failed = false;

  private constructor(path: string, handle: FileHandle, onFailure: (message: string) => void) {
    this.path = path;
    this.#handle = handle;
    this.#onFailure = onFailure;
  }

  /** @param onFailure called at most once, with what went wrong on which file */
  static async open(path: string, onFailure: (message: string) => void): Promise<LineWriter> {
    return new LineWriter(path, await open(path, "a"), onFailure);
  }

  append(line: string): void {
    if (this.#failed) return;
    this.#pending.push(line);
    this.#pendingChars += line.length;
    if (this.#pendingChars > pendingCharsMax) this.#fail(new Error(this.#tooMuch()));
    else this.#writing ??= this.#drain();
  }

  /** Resolves when every line is in the file and the file is closed. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  /** A slow disk, or one exchange of enormous length: the numbers tell. */
  #tooMuch(): string {
    const longest = this.#pending.reduce((most, { length }) => Math.max(most, length), 0);
    return `${megabytes(this.#pendingChars)} wait to be written, more than ${megabytes(pendingCharsMax)}; the longest of ${this.#pending.length} lines has ${megabytes(longest)}`;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#pending.length > 0 && !this.#failed) {
        const text = `${this.#pending.join("\n")}\n`;
        this.#pending = [];
        this.#pendingChars = 0;
        // Writes everything or throws; a plain write may stop half-way on a disk that is nearly full.
        await this.#handle.writeFile(text);
      }
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#writing = null;
    }
  }

  #fail(thrown: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#pending = [];
    this.#onFailure(`${this.path} is incomplete: ${messageOf(thrown)}`);
  }
}
