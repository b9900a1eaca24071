import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * Version of an installed Python distribution, as its metadata say; null where there are none: a checkout, another name.
 * @param environment whole environment of the interpreter
 */
export async function distributionVersion(
  python: string,
  distribution: string,
  environment: Readonly<Record<string, string>>,
): Promise<string | null> {
  const program = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))";
  try {
    const run = promisify(execFile)(python, ["-c", program, distribution], {
      env: environment,
      timeout: 30_000,
    });
    return (await run).stdout.trim() || null;
  } catch {
    // Not installed under this name: nothing is known, and the arm runs all the same.
    return null;
  }
}
