import type { Stats } from "node:fs";
import { lstat, opendir, statfs } from "node:fs/promises";
import { join } from "node:path";

/** What a name costs at least, so that millions of empty files count as well. */
const entryBytes = 1024;
const atOnce = 128;

/**
 * What the files below a folder take of its disk, as far as it matters: it stops when the sum is above `enough`. Links
 * are not followed, files with several names count once, holes do not count.
 */
export async function usedBytes(root: string, enough: number): Promise<number> {
  let sum = 0;
  const seen = new Set<number>();
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined && sum <= enough; folder = folders.pop())
    for await (const names of namesOf(folder)) {
      const all = await Promise.all(names.map((name) => factsOf(join(folder, name))));
      for (const [at, facts] of all.entries()) {
        if (facts === "too long") return enough + 1;
        if (facts === null) continue;
        if (facts.isDirectory()) folders.push(join(folder, names[at] ?? ""));
        else if (facts.nlink > 1 && seen.has(facts.ino)) continue;
        seen.add(facts.ino);
        sum += Math.max(entryBytes, facts.blocks * 512);
      }
      if (sum > enough) break;
    }
  return sum;
}

/** In groups, because one call after the other would take several times as long. */
async function* namesOf(folder: string): AsyncGenerator<readonly string[]> {
  try {
    let names: string[] = [];
    for await (const { name } of await opendir(folder, { bufferSize: atOnce })) {
      names.push(name);
      if (names.length < atOnce) continue;
      yield names;
      names = [];
    }
    yield names;
  } catch (thrown) {
    refuseOthers(thrown);
  }
}

/** A path that is too long for this process cannot be measured, and nothing but a hiding place has one. */
async function factsOf(path: string): Promise<Stats | "too long" | null> {
  try {
    return await lstat(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENAMETOOLONG") return "too long";
    refuseOthers(thrown);
    return null;
  }
}

/** Files come and go while one looks. */
function refuseOthers(thrown: unknown): void {
  const { code } = thrown as NodeJS.ErrnoException;
  if (!["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"].includes(String(code))) throw thrown;
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
