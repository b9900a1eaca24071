import { execFile } from "node:child_process";

const charactersMax = 200;

/**
 * First line with a number in it that a program prints about its version, whatever its exit code is: some say it on stderr,
 * some fail afterwards. null when there is none within half a minute: nothing is known then, and the arm runs all the same.
 */
export function printedVersion(
  [file = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(file, args, { env: environment, timeout: 30_000 }, (_error, stdout, stderr) => {
      const lines = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim());
      resolve(lines.find((line) => /\d/.test(line))?.slice(0, charactersMax) ?? null);
    });
  });
}
