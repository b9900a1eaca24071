import { constants } from "node:fs";
import { chmod, copyFile, cp, lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { WorkspaceTask } from "../contract/task.ts";

/** Makes a fresh folder and copies a task's inputs into it. The formats have made sure that no path leads out. */
export async function makeWorkspace(
  directory: string,
  { inputs }: Pick<WorkspaceTask, "inputs">,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const { from, to } of inputs) {
    const target = join(directory, to);
    const stats = await lstat(from);
    if (stats.isDirectory()) {
      await cp(from, target, { recursive: true, verbatimSymlinks: true });
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    await copyFile(from, target, constants.COPYFILE_FICLONE);
    await chmod(target, stats.mode | 0o600);
  }
}

/** A copy for people, without what is no file: opening a pipe would never end. */
export async function keepWorkspace(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: async (source) => {
      const stats = await lstat(source).catch(() => null);
      return stats !== null && (stats.isFile() || stats.isDirectory() || stats.isSymbolicLink());
    },
  });
}
