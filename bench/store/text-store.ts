import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { messageOf, RunUnreadableError } from "../errors.ts";
import { exists } from "./read-run.ts";
import { storing } from "./storage-error.ts";
import type { StoredText } from "./trajectory.ts";

/** `evidence/texts`: long texts that many trajectories share (policies, tool schemas), each stored once by its sha256. */
export class TextStore {
  readonly #directory: string;
  readonly #written = new Set<string>();
  readonly #read = new Map<string, string>();

  constructor(runDirectory: string) {
    this.#directory = join(runDirectory, "evidence", "texts");
  }

  /** Waits until the text is on disk under its final name. Throws StorageError. */
  async put({ sha256, text }: StoredText): Promise<void> {
    if (this.#written.has(sha256)) return;
    const path = this.#path(sha256);
    await storing(path, "Cannot write", async () => {
      if (await exists(path)) return;
      await mkdir(this.#directory, { recursive: true });
      await writeWhole(path, text);
    });
    this.#written.add(sha256);
  }

  /** Throws RunUnreadableError when the text is missing or is not what its name says. */
  async get(sha256: string): Promise<string> {
    const known = this.#read.get(sha256);
    if (known !== undefined) return known;
    const text = await this.#load(sha256);
    this.#read.set(sha256, text);
    return text;
  }

  async #load(sha256: string): Promise<string> {
    const path = this.#path(sha256);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (thrown) {
      throw new RunUnreadableError(
        `${path} cannot be read: ${messageOf(thrown)}. Restore it from a copy of the run.`,
        { cause: thrown },
      );
    }
    if (createHash("sha256").update(text).digest("hex") === sha256) return text;
    throw new RunUnreadableError(`${path} was changed: its sha256 is not its name. Restore it from a copy.`);
  }

  #path(sha256: string): string {
    return join(this.#directory, `${sha256}.txt`);
  }
}

/**
 * Writes a file so that its name appears only with its whole content, also when two processes write it at once (a report
 * that is asked for while a sweep writes its own).
 */
export async function writeWhole(path: string, text: string | Uint8Array, mode = 0o666): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, "w", mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}
