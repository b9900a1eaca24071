import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";

const program = promisify(execFile);
const options = { env: { PATH: "/usr/bin:/bin" } };

/**
 * Removes the folder in which somebody has worked, whatever was left in it: folders that are closed to their own user, and
 * folders in folders until no path is short enough for a call that takes one, which `rm` does not need.
 */
export async function removeWorkspace(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch {
    // Links are not followed. What it cannot open is for `rm` to tell of.
    await Promise.allSettled([program("chmod", ["-R", "u+rwx", "--", directory], options)]);
    await program("rm", ["-rf", "--", directory], options);
  }
}
