import { runCommandLine } from "../../bench/commands/command-line.ts";

export interface Invoked {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command in this process, as the entry runs it; what it says and its exit code. For what ends by itself. */
export async function invoke(
  args: readonly string[],
  given: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly workingDirectory?: string;
    /** Who answers questions; absent: nobody. */
    readonly ask?: (question: string) => Promise<string>;
  } = {},
): Promise<Invoked> {
  let code = 0;
  let stdout = "";
  let stderr = "";
  await runCommandLine({
    argv: args,
    environment: given.environment ?? {},
    workingDirectory: given.workingDirectory ?? process.cwd(),
    print: (text) => void (stdout += `${text}\n`),
    tell: (text) => void (stderr += `${text}\n`),
    write: (text) => void (stderr += text),
    announce: () => undefined,
    interactive: false,
    columns: 120,
    output: { columns: null, colour: false },
    ask: given.ask,
    setExitCode: (value) => void (code = value),
  });
  return { code, stdout, stderr };
}
