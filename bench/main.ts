#!/usr/bin/env node
import { runCommandLine } from "./commands/command-line.ts";

// A reader of the output may stop reading (`| head`). That is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
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
  columns: process.stderr.columns ?? 120,
  setExitCode: (code) => {
    process.exitCode = code;
  },
});
