import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** First line that `file args` prints, on whichever stream and with whatever exit code; null when it cannot be started. */
export async function firstLineOf(file: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(file, [...args], { timeout: 60_000 });
    return firstLine(stdout + stderr);
  } catch (error) {
    if (!(error instanceof Error) || ("code" in error && typeof error.code === "string")) return null;
    const { stdout, stderr } = error as Error & { stdout?: string; stderr?: string };
    return firstLine(`${stdout ?? ""}${stderr ?? ""}`);
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
