import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { systemErrorCode } from "./storage-error.ts";

/**
 * Makes a folder and those above it. Node's own `recursive` never ends where the kernel answers ENOENT although the folder
 * above is there, as in /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === "EEXIST") return;
    const above = dirname(path);
    if (code !== "ENOENT" || above === path) throw thrown;
    await makeFolder(above);
    await mkdir(path);
  }
}
