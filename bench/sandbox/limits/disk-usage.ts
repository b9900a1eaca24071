import { lstat, opendir, statfs } from "node:fs/promises";
import { join } from "node:path";

/** What a name costs at least, so that millions of empty files count as well. */
const entryBytes = 1024;

/**
 * What the files below a folder take of its disk, as far as it matters: it stops when the sum is above `enough`. Links
 * are not followed, files with several names count once, holes do not count.
 */
export async function usedBytes(root: string, enough: number): Promise<number> {
  let sum = 0;
  const seen = new Set<number>();
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      for await (const entry of await opendir(folder)) {
        const path = join(folder, entry.name);
        const facts = await lstat(path);
        if (facts.isDirectory()) folders.push(path);
        if (facts.nlink > 1 && !facts.isDirectory()) {
          if (seen.has(facts.ino)) continue;
          seen.add(facts.ino);
        }
        sum += Math.max(entryBytes, facts.blocks * 512);
        if (sum > enough) return sum;
      }
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      // A path that is too long for this process cannot be measured, and nothing but a hiding place has one.
      if (code === "ENAMETOOLONG") return enough + 1;
      // Files come and go while one looks.
      if (!["ENOENT", "ENOTDIR", "EACCES", "ELOOP"].includes(String(code))) throw thrown;
    }
  }
  return sum;
}

/** Bytes in use on the file system that holds a path; null when there is none. */
export async function fileSystemBytes(path: string): Promise<number | null> {
  try {
    const { blocks, bfree, bsize } = await statfs(path);
    return (blocks - bfree) * bsize;
  } catch {
    return null; // The path, or the process through which it is seen, is gone.
  }
}
