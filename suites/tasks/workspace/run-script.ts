import { basename, dirname } from "node:path";
import type { SandboxFactory, SandboxRequest } from "../../../bench/sandbox/sandbox.ts";

/** How a task's own script went. */
export interface ScriptRun {
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly durationMs: number;
  /** stdout and stderr, the end of each. */
  readonly output: string;
}

/** Where the folder of a task's script is seen inside. */
const scriptFolder = "/task";
const outputBytesMax = 64 * 1024;

/**
 * Runs `setup.sh` or `teardown.sh` with the workspace as its argument, in a sandbox of its own: the script may read the files
 * beside it, and the agent, who comes later, may not.
 */
export async function runScript(
  sandboxes: SandboxFactory,
  request: Omit<SandboxRequest, "readOnly">,
  {
    script,
    timeoutMs,
    signal,
  }: { readonly script: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ScriptRun> {
  const folder = dirname(script);
  await using sandbox = await sandboxes.open({ ...request, readOnly: [{ from: folder, to: scriptFolder }] });
  const seen = sandbox.kind === "none" ? script : `${scriptFolder}/${basename(script)}`;
  const { exitCode, timedOut, durationMs, stdout, stderr } = await sandbox.run(
    ["bash", seen, sandbox.directory],
    { timeoutMs, outputBytesMax, signal },
  );
  return { exitCode, timedOut, durationMs, output: textOf(stdout) + textOf(stderr) };
}

/** Why a script has failed, in words; null where it has not. */
export function scriptFault(name: string, run: ScriptRun): string | null {
  if (run.exitCode === 0 && !run.timedOut) return null;
  const how = run.timedOut
    ? `was not done within ${Math.round(run.durationMs / 1000)} s`
    : `ended with ${run.exitCode === null ? "a signal" : `exit code ${run.exitCode}`}`;
  const last = run.output.trim().split("\n").slice(-3).join(" / ").slice(-500);
  return `${name} ${how}${last === "" ? "" : `: ${last}`}`;
}

export const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
