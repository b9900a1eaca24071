#!/usr/bin/env node
/** The simulated engine as a program of its own; `tollgate simulate` does the same. */
import { ConfigError, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseSimulatorArguments } from "./arguments.ts";
import { runSimulator } from "./simulate.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

try {
  await runSimulator(parseSimulatorArguments(process.argv.slice(2)), {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    clockNs: () => Number(process.hrtime.bigint()),
    pid: process.pid,
    cpuSeconds: () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    signal: stop.signal,
    die: () => process.kill(process.pid, "SIGKILL"),
  });
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof ConfigError ? exitCodes.usage : exitCodes.startFailed;
}
