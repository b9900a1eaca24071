#!/usr/bin/env node
import { enableCompileCache } from "node:module";

/** Node keeps what it compiled: a second start loads its modules in half the time. Beside what else Tollgate keeps. */
const { XDG_CACHE_HOME, HOME } = process.env;
const cache = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`);
if (cache) enableCompileCache(`${cache}/tollgate/node`);
const { runCommandLine } = await import("./commands/command-line.ts");

// A reader of the output may stop reading (`| head`). That is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

/** As https://no-color.org and https://force-color.org have it. */
function showsColour({ NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return isTerminal && TERM !== "dumb";
}

/** On standard error: standard output holds results only. */
async function ask(question: string): Promise<string> {
  const { askOn } = await import("./commands/terminal-question.ts");
  return askOn({ input: process.stdin, output: process.stderr }, question);
}

/** The entry: argv, environment, streams and exit codes. Everything else is handed what it needs. */
await runCommandLine({
  argv: process.argv.slice(2),
  environment: process.env,
  workingDirectory: process.cwd(),
  print: (text) => process.stdout.write(`${text}\n`),
  tell: (text) => process.stderr.write(`${text}\n`),
  write: (text) => process.stderr.write(text),
  announce: (message) => process.send?.(message),
  interactive: process.stderr.isTTY,
  get columns() {
    return process.stderr.columns ?? 120;
  },
  output: {
    get columns() {
      return process.stdout.isTTY ? process.stdout.columns : null;
    },
    colour: showsColour(process.env, process.stdout.isTTY),
  },
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  setExitCode: (code) => {
    process.exitCode = code;
  },
});
