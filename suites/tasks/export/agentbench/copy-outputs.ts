import { constants } from "node:fs";
import { copyFile, lstat, mkdir, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { storing, systemErrorCode } from "../../../../bench/store/storage-error.ts";
import type { RecordedAttempt } from "../../attempts/read-attempts.ts";

const fileBytesMax = 5_000_000;
const taskBytesMax = 20_000_000;

/**
 * Copies what an agent made, where its workspace was kept. An agent may have left anything there: only regular files that lie in the
 * workspace itself are copied, and no link is followed.
 */
export async function copyOutputs(
  { attempt, folder }: RecordedAttempt,
  { to }: { readonly to: string },
): Promise<{ readonly names: readonly string[]; readonly leftOut: readonly string[] }> {
  const kept = attempt?.place?.workspace ?? null;
  if (attempt === null || folder === null || kept === null) return { names: [], leftOut: [] };
  const changed = [...new Set(attempt.observation.turns.flatMap(({ changedFiles }) => changedFiles))];
  const names: string[] = [];
  const leftOut: string[] = [];
  let left = taskBytesMax;
  for (const name of changed) {
    const seen = await seenFile({ folder, kept }, name);
    if (seen === null || seen.bytes > Math.min(left, fileBytesMax)) {
      leftOut.push(
        `${name}: ${seen === null ? "no regular file of the workspace (any more)" : `${seen.bytes} bytes`}`,
      );
      continue;
    }
    left -= seen.bytes;
    const target = join(to, name);
    await storing(target, "Cannot write", async () => {
      await mkdir(dirname(target), { recursive: true });
      await copyFile(seen.path, target, constants.COPYFILE_EXCL);
    });
    names.push(name);
  }
  return { names, leftOut };
}

/** null: there is none, or it leads out of the folder, or that out of the segment's. */
async function seenFile(
  { folder, kept }: { readonly folder: string; readonly kept: string },
  name: string,
): Promise<{ readonly path: string; readonly bytes: number } | null> {
  try {
    const segment = await realpath(folder);
    const root = await realpath(join(segment, kept));
    const path = join(root, name);
    if (!root.startsWith(segment + sep)) return null;
    if (!path.startsWith(root + sep) || (await realpath(path)) !== path) return null;
    const stats = await lstat(path);
    return stats.isFile() ? { path, bytes: stats.size } : null;
  } catch (error) {
    if (systemErrorCode(error) === null) throw error;
    return null;
  }
}
