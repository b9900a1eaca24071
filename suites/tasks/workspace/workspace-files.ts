import { createHash } from "node:crypto";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { namesInside, openInside } from "../../../bench/sandbox/open-inside.ts";

/** Of a file as it was seen: relative path -> a text that is another one when the file is. sha256 where it was read. */
export type FileStates = ReadonlyMap<string, string>;

/** A file beyond it is told apart by its size and the time of its last change: reading it would take seconds after each turn. */
const hashedBytesMax = 64 * 1024 * 1024;
/** Entries of a workspace that are looked at. An agent can make millions of files in a loop. */
const entriesMax = 50_000;
/** How many files are read at a time. */
const readersMax = 16;
/** Every command of git changes these. */
const ofGit = /(?:^|\/)\.git\//;

interface Seen {
  /** Size, inode and times as the kernel keeps them: `ctime` cannot be set by a program. */
  readonly stamp: string;
  readonly state: string;
}

/**
 * What is in a workspace, and what has changed in it. The folder is an agent's: links are told by their own text and are
 * never followed, pipes and devices are never opened. What lies in a `.git` folder is left out.
 */
export class WorkspaceFiles {
  readonly #directory: string;
  #seen: ReadonlyMap<string, Seen> = new Map();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Files as they are now. A folder that is gone holds none. */
  async look(): Promise<FileStates> {
    const { names } = await namesInside(this.#directory, entriesMax);
    const found = names.flatMap(({ path, kind }) => (kind === "folder" || ofGit.test(path) ? [] : [path]));
    const seen = new Map<string, Seen>();
    for (let at = 0; at < found.length; at += readersMax) {
      const group = found.slice(at, at + readersMax);
      const states = await Promise.all(group.map((path) => this.#stateOf(path)));
      for (const [index, path] of group.entries()) {
        const state = states[index];
        if (state) seen.set(path, state);
      }
    }
    this.#seen = seen;
    return new Map([...seen].map(([path, { state }]) => [path, state]));
  }

  /** What a file is now; one that was not touched since the last look is not read again. null: it is gone. */
  async #stateOf(path: string): Promise<Seen | null> {
    const full = join(this.#directory, path);
    const stats = await lstat(full, { bigint: true }).catch(() => null);
    if (stats === null) return null;
    const { size, ino, ctimeNs, mtimeNs, mode } = stats;
    const stamp = [size, ino, ctimeNs, mtimeNs, mode].join(" ");
    const known = this.#seen.get(path);
    if (known?.stamp === stamp) return known;
    if (stats.isSymbolicLink()) {
      const target = await readlink(full).catch(() => "");
      return { stamp, state: `link to ${target}` };
    }
    if (!stats.isFile()) return { stamp, state: "no file" };
    if (size > BigInt(hashedBytesMax)) return { stamp, state: `${size} bytes, changed ${ctimeNs}` };
    return { stamp, state: (await sha256Inside(this.#directory, path)) ?? "cannot be read" };
  }
}

/** Paths that were not there before, or are otherwise now; sorted. */
export function changedBetween(before: FileStates, after: FileStates): string[] {
  return [...after].flatMap(([path, state]) => (before.get(path) === state ? [] : [path])).toSorted();
}

/** null: it is no file of this folder any more, or nobody may read it. */
async function sha256Inside(root: string, path: string): Promise<string | null> {
  const file = await openInside(root, path);
  if (file === null) return null;
  try {
    const hash = createHash("sha256");
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 }))
      hash.update(chunk as Buffer);
    return hash.digest("hex");
  } finally {
    await file.close();
  }
}
