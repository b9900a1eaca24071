import { namesInside } from "../../../bench/sandbox/open-inside.ts";
import { seenFile, type FileStates, type SeenFile } from "../scoring/validators/file-state.ts";

/** Entries of a workspace that are looked at. An agent can make millions of files in a loop. */
const entriesMax = 50_000;
/** How many files are read at a time. */
const readersMax = 16;
/** Every command of git changes these. */
const ofGit = /(?:^|\/)\.git\//;

/**
 * What is in a workspace, and what has changed in it. The folder is an agent's: links are told by their own text and are
 * never followed, pipes and devices are never opened. What lies in a `.git` folder is left out.
 */
export class WorkspaceFiles {
  readonly #directory: string;
  #seen: ReadonlyMap<string, SeenFile> = new Map();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Files as they are now. A folder that is gone holds none. */
  async look(): Promise<FileStates> {
    const { names } = await namesInside(this.#directory, entriesMax);
    const found = names.flatMap(({ path, kind }) => (kind === "folder" || ofGit.test(path) ? [] : [path]));
    const seen = new Map<string, SeenFile>();
    for (let at = 0; at < found.length; at += readersMax) {
      const group = found.slice(at, at + readersMax);
      const states = await Promise.all(
        group.map((path) => seenFile(this.#directory, path, this.#seen.get(path))),
      );
      for (const [index, path] of group.entries()) {
        const state = states[index];
        if (state) seen.set(path, state);
      }
    }
    this.#seen = seen;
    return new Map([...seen].map(([path, { state }]) => [path, state]));
  }
}

/** Paths that were not there before, or are otherwise now; sorted. */
export function changedBetween(before: FileStates, after: FileStates): string[] {
  return [...after].flatMap(([path, state]) => (before.get(path) === state ? [] : [path])).toSorted();
}
