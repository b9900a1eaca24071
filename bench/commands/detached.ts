import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { StartError } from "../errors.ts";
import { ownProgram } from "../own-files.ts";
import { runWord } from "./end-screen.ts";
import { readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";

/**
 * Starts the same command without `--detach` in a session of its own and waits until its run directory exists. Its
 * standard error goes to a file that ends up as `logs/driver.log` of the run.
 */
export async function detach(
  file: string,
  flags: { readonly out?: string; readonly set: readonly string[] },
  host: Host,
): Promise<void> {
  const { experiment } = readExperiment(file, flags.set, host);
  await detachInto(resolve(host.workingDirectory, flags.out ?? experiment.output.directory), host);
}

/** @param folder of run directories */
export async function detachInto(folder: string, host: Host): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, `.detached-${process.pid}.log`);
  const log = openSync(logFile, "a", 0o600);
  const args = host.argv.filter((argument) => argument !== "--detach");
  const child = spawn(process.execPath, [ownProgram(new URL("../main.ts", import.meta.url)), ...args], {
    detached: true,
    stdio: ["ignore", "ignore", log, "ipc"],
    env: { ...host.environment },
  });
  const directory = await new Promise<string>((found, reject) => {
    child.once("message", (message: { readonly directory: string }) => found(message.directory));
    child.once("exit", (code) => {
      const said = readFileSync(logFile, "utf8").trim();
      rmSync(logFile);
      reject(new StartError("sweep", `The detached run ended with code ${code} before it began:\n${said}`));
    });
  });
  renameSync(logFile, join(directory, "logs", "driver.log"));
  child.disconnect();
  child.unref();
  const run = runWord(host, directory);
  host.tell(
    `detached, driver pid ${child.pid}; see \`tollgate status ${run}\`, \`tollgate attach ${run}\`, \`tollgate stop ${run}\``,
  );
  host.print(directory);
}
