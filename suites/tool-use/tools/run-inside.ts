import type { AgentWorkspace } from "../../../bench/agent/agent.ts";
import { runCommand } from "../../../bench/sandbox/command.ts";
import type { EnvironmentReply } from "../../../bench/tools/tool-module.ts";

/** As much as a model would want to read. */
const outputBytesMax = 100_000;

export interface InsideOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
}

const standardTimeoutMs = 30_000;

/** Runs a command in a case's sandbox; what it prints is what the model is told. */
export async function runInside(
  { enter }: Pick<AgentWorkspace, "enter">,
  words: readonly string[],
  { input = "", timeoutMs = standardTimeoutMs }: InsideOptions = {},
): Promise<EnvironmentReply> {
  const { droppedBytes, exitCode, stdout, stderr, timedOut } = await runCommand(
    { ...enter, arguments: [...enter.arguments, ...words] },
    { timeoutMs, outputBytesMax, input: Buffer.from(input) },
  );
  const output = Buffer.concat([stdout, stderr]).toString();
  const shown = droppedBytes === 0 ? output : `${output}\n(${droppedBytes} more bytes are not shown)`;
  if (timedOut) return failed(`${shown}\n(stopped after ${timeoutMs / 1000} s)`.trimStart());
  if (exitCode === 0) return { content: shown, error: false };
  return failed(`${shown}\n(exit code ${exitCode ?? "none"})`.trimStart());
}

/** A script with arguments of its own: nothing that a model writes is read by the shell. */
export async function runScript(
  workspace: Pick<AgentWorkspace, "enter">,
  script: string,
  options: InsideOptions & { readonly words: readonly string[] },
): Promise<EnvironmentReply> {
  return await runInside(workspace, ["bash", "-c", script, "tool", ...options.words], options);
}

export const failed = (content: string): EnvironmentReply => ({ content, error: true });
