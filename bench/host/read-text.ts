import { readFileSync } from "node:fs";

/** A file of the system, e.g. below /proc; null where there is no such file, or none for us: then nothing is known. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // Which of the two does not matter to those who ask.
  }
}
