#!/usr/bin/env node
/** The recording gateway as a program of its own; `tollgate gateway` does the same. */
import { randomBytes, randomUUID } from "node:crypto";
import { ConfigError, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseGatewayArguments } from "./arguments.ts";
import { runGateway } from "./run-gateway.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

try {
  // An entry of its own like main.ts, and like it the one place that may look at the environment.
  await runGateway(parseGatewayArguments(process.argv.slice(2), process.env), {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    pid: process.pid,
    signal: stop.signal,
    randomBytes,
    randomUuid: randomUUID,
  });
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof ConfigError ? exitCodes.usage : exitCodes.startFailed;
}
