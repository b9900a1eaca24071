import { createHash } from "node:crypto";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { openInside } from "../../../../bench/sandbox/open-inside.ts";

/** Of a file as it was seen: relative path -> a text that is another one when the file is. sha256 where it was read. */
export type FileStates = ReadonlyMap<string, string>;

/** A file beyond it is told apart by its size and the time of its last change: reading it would take seconds after each turn. */
const hashedBytesMax = 64 * 1024 * 1024;

export interface SeenFile {
  /** Size, inode and times as the kernel keeps them: `ctime` cannot be set by a program. */
  readonly stamp: string;
  readonly state: string;
}

/** What a file is now, in the words in which a look at all files has it; null: it is gone. */
export async function fileState(directory: string, path: string): Promise<string | null> {
  return (await seenFile(directory, path))?.state ?? null;
}

/** A file as it is now; one that was not touched since it was last seen is not read again. null: it is gone. */
export async function seenFile(directory: string, path: string, known?: SeenFile): Promise<SeenFile | null> {
  const full = join(directory, path);
  const stats = await lstat(full, { bigint: true }).catch(() => null);
  if (stats === null) return null;
  const { size, ino, ctimeNs, mtimeNs, mode } = stats;
  const stamp = [size, ino, ctimeNs, mtimeNs, mode].join(" ");
  if (known?.stamp === stamp) return known;
  if (stats.isSymbolicLink()) {
    const target = await readlink(full).catch(() => "");
    return { stamp, state: `link to ${target}` };
  }
  if (!stats.isFile()) return { stamp, state: "no file" };
  if (size > BigInt(hashedBytesMax)) return { stamp, state: `${size} bytes, changed ${ctimeNs}` };
  return { stamp, state: (await sha256Inside(directory, path)) ?? "cannot be read" };
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
