#!/usr/bin/env node
/** The simulated engine, or trainer, as a program of its own; `tollgate simulate` does the same. */
import { randomUUID } from "node:crypto";
import { ConfigError, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseSimulatorArguments } from "./arguments.ts";
import { runSimulator } from "./simulate.ts";
import { isTrainerRole, parseTrainerArguments } from "./trainer/arguments.ts";
import { runTrainer } from "./trainer/simulate-trainer.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

const words = process.argv.slice(2);
const io = {
  out: (line: string) => void process.stdout.write(`${line}\n`),
  err: (line: string) => void process.stderr.write(`${line}\n`),
  clockNs: () => Number(process.hrtime.bigint()),
  pid: process.pid,
  signal: stop.signal,
  die: () => process.kill(process.pid, "SIGKILL"),
};

try {
  if (isTrainerRole(words))
    await runTrainer(parseTrainerArguments(words), { ...io, nowMs: () => Date.now(), uuid: randomUUID });
  else
    await runSimulator(parseSimulatorArguments(words), {
      ...io,
      cpuSeconds: () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    });
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof ConfigError ? exitCodes.usage : exitCodes.startFailed;
}
