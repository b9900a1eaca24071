import { posix } from "node:path";
import { namesInside, openInside, readInside } from "../../../../bench/sandbox/open-inside.ts";

/** Of one file that is searched for words; what lies behind is not looked at, and the finding says so. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;
const ENTRIES_MAX = 50_000;

/** What lies in a workspace, relative and sorted. What version control keeps for itself is left out. */
export interface SeenFiles {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** False where there was more than is looked at. */
  readonly complete: boolean;
}

export interface SeenText {
  readonly text: string;
  readonly sizeBytes: number;
  /** True where only the beginning is here. */
  readonly cut: boolean;
}

/** Everything below the folder. Links stand for files within it, never for folders, and never for what is outside. */
export async function listFiles(directory: string): Promise<SeenFiles> {
  const { names, complete } = await namesInside(directory, ENTRIES_MAX);
  const own = names.filter(({ path }) => !/(?:^|\/)\.git\//u.test(path));
  const files: string[] = [];
  for (const { path, kind } of own) {
    if (kind === "file" || (kind === "link" && (await isReadable(directory, path)))) files.push(path);
  }
  return { files, folders: own.filter(({ kind }) => kind === "folder").map(({ path }) => path), complete };
}

async function isReadable(directory: string, path: string): Promise<boolean> {
  const file = await openInside(directory, path);
  await file?.close();
  return file !== null;
}

/** The text of a file in the workspace; what is no UTF-8 becomes replacement characters. null: none that can be read. */
export async function readTextInside(directory: string, path: string): Promise<SeenText | null> {
  const seen = await readInside(directory, path, TEXT_BYTES_MAX);
  if (seen === null) return null;
  const text = new TextDecoder("utf-8").decode(seen.bytes);
  return { text, sizeBytes: seen.sizeBytes, cut: seen.truncated };
}

/** A path as listings have it: without `./` before and `/` behind. */
export function plainPath(path: string): string {
  return posix.normalize(path).replace(/\/$/u, "");
}

/** Whether something of that name is there: `skills/` only as a folder. */
export function isSeen({ files, folders }: SeenFiles, path: string): boolean {
  const name = plainPath(path);
  return folders.includes(name) || (!path.endsWith("/") && files.includes(name));
}

/** Files that a task's pattern means: `**` all, `skills/` or the name of a folder all below it, else a glob or a name. */
export function matching(seen: SeenFiles, pattern: string): readonly string[] {
  const name = plainPath(pattern);
  if (name === "." || name === "**") return seen.files;
  if (seen.files.includes(name)) return [name];
  if (seen.folders.includes(name)) return seen.files.filter((file) => file.startsWith(`${name}/`));
  return seen.files.filter((file) => posix.matchesGlob(file, name));
}
