import { constants } from "node:fs";
import { lstat, open, opendir, readlink, realpath, type FileHandle } from "node:fs/promises";
import { join, sep } from "node:path";
import { hasProcessTable } from "../host/process-table.ts";

/**
 * How this process looks into a folder in which others have written: a link may lead out of it, a name may stand for a
 * pipe that nobody ever writes to, a file may be larger than all memory, and all of it may change while one looks.
 */
export interface FileInside {
  readonly bytes: Uint8Array;
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** True where only its beginning is here. */
  readonly truncated: boolean;
}

/** The beginning of a regular file inside a folder; null where there is none, or where the name leads out of the folder. */
export async function readInside(root: string, path: string, bytesMax: number): Promise<FileInside | null> {
  const file = await openInside(root, path);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    // What grows while it is read, or says a size of 0 as procfs does, is read as far as asked for.
    const buffer = Buffer.alloc(Math.min(Math.max(size, 4096) + 1, bytesMax));
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return {
      bytes: new Uint8Array(buffer.subarray(0, length)),
      sizeBytes: Math.max(size, length),
      truncated: size > length,
    };
  } finally {
    await file.close();
  }
}

/** A regular file inside a folder, opened to be read; null as above. The caller closes it. */
export async function openInside(root: string, path: string): Promise<FileHandle | null> {
  const top = await absentIsNull(realpath(root));
  if (top === null || path.includes("\0")) return null;
  const wanted = join(top, path);
  if (!isBelow(top, wanted)) return null;
  // Without waiting: a pipe would be opened when somebody writes to it, which may be never.
  const file = await absentIsNull(open(wanted, constants.O_RDONLY | constants.O_NONBLOCK));
  if (file === null) return null;
  const place = await absentIsNull(hasProcessTable ? readlink(`/proc/self/fd/${file.fd}`) : realpath(wanted));
  if (place !== null && isBelow(top, place) && (await file.stat()).isFile()) return file;
  await file.close();
  return null;
}

export interface NameInside {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly kind: "file" | "link" | "folder" | "other";
  readonly sizeBytes: number;
}

/** All that lies in a folder, links not followed, sorted by path; it ends after `entriesMax` entries. */
export async function namesInside(
  root: string,
  entriesMax: number,
): Promise<{ readonly names: readonly NameInside[]; readonly complete: boolean }> {
  const names: NameInside[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await absentIsNull(opendir(join(root, folder)));
    if (entries === null) continue;
    for await (const entry of entries) {
      if (names.length >= entriesMax) return { names: sorted(names), complete: false };
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const facts = await absentIsNull(lstat(join(root, path)));
      if (facts === null) continue;
      if (facts.isDirectory()) folders.push(path);
      const kind = facts.isFile()
        ? "file"
        : facts.isSymbolicLink()
          ? "link"
          : facts.isDirectory()
            ? "folder"
            : "other";
      names.push({ path, kind, sizeBytes: facts.size });
    }
  }
  return { names: sorted(names), complete: true };
}

const sorted = (names: readonly NameInside[]) =>
  names.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));

const isBelow = (top: string, path: string) => path.startsWith(top.endsWith(sep) ? top : top + sep);

const absent = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EACCES", "EPERM", "ENAMETOOLONG", "ENXIO", "EISDIR"]);

async function absentIsNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (thrown) {
    if (absent.has(String((thrown as NodeJS.ErrnoException).code))) return null;
    throw thrown;
  }
}
