import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { TemporaryFolder, type Finished } from "../e2e/tollgate-process.ts";

const repository = resolve(import.meta.dirname, "../..");

/**
 * A folder that looks like a checkout to the commands of a document, without its `runs/`. `npx tollgate` is the command of
 * this checkout: the documents' own lines are run, word by word.
 */
export class DocumentFolder extends TemporaryFolder {
  constructor() {
    super();
    for (const name of ["bench", "experiments", "openclaw-tau2"])
      symlinkSync(join(repository, name), join(this.path, name));
  }

  async run(commands: string): Promise<Finished> {
    const npx = `npx() { [ "$1" = tollgate ] || return 64; shift; "${process.execPath}" "${repository}/bench/main.ts" "$@"; }`;
    const child = spawn("bash", ["-euo", "pipefail", "-c", `${npx}\n${commands}`], {
      cwd: this.path,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    const [stdout, stderr] = await output;
    return { code, signal, stdout, stderr };
  }
}
