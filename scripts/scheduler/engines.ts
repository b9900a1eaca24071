import { join } from "node:path";
import type { ProcessEngineSpec } from "../../bench/config/process-schema.ts";
import { freePorts } from "../../bench/host/free-port.ts";
import { awaitHttp } from "../../bench/stack/await-http.ts";
import { readyLineSchema, tollgateEntry } from "../../bench/stack/own-program.ts";
import { engineCommand } from "../../bench/stack/process/engine-command.ts";
import { spawnManaged } from "../../bench/supervisor/managed-process.ts";
import type { Workbench } from "../benchmark/measurement.ts";
import { simulatorFlags, type HostTimes, type StepTimes } from "./step-times.ts";

export interface RunningEngine extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** Where the plugin writes its passes; null for the simulator. */
  readonly passLog: string | null;
}

/** The server of an experiment, by its command line, with a log of its passes. */
export async function startReal(bench: Workbench, spec: ProcessEngineSpec): Promise<RunningEngine> {
  const [port = 0] = await freePorts(1);
  const passLog = join(bench.scratch, "passes.ndjson");
  const places = { port: String(port), metricsPort: "0", engineKey: "none", logs: bench.scratch };
  const { words, environment } = engineCommand(spec, places);
  const [program = "", ...args] = words;
  const url = `http://127.0.0.1:${port}`;
  const name = "real scheduler";
  const started = await spawnManaged(program, {
    name,
    args,
    environment: { ...bench.environment, ...environment, TIMING_LOG: passLog },
    ...(spec.workingDirectory === undefined ? {} : { workingDirectory: spec.workingDirectory }),
    logFile: join(bench.scratch, "real-engine.log"),
    probe: (signal, note) =>
      awaitHttp({ url: url + spec.ready.path, status: spec.ready.status }, signal, note),
    startTimeoutMs: spec.startSeconds * 1000,
    stopGraceMs: spec.stopSeconds * 1000,
  });
  return {
    name,
    url,
    pid: started.pid,
    passLog,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** @param host null: the step times alone */
export async function startSimulated(
  bench: Workbench,
  times: StepTimes,
  host: HostTimes | null,
): Promise<RunningEngine> {
  const name = host === null ? "simulator" : "simulator + host";
  const flags = ["--role=agent", "--port=0", "--model=library", "--max-running-requests=256"];
  const started = await spawnManaged(process.execPath, {
    name,
    args: [tollgateEntry, "simulate", ...flags, ...simulatorFlags(times, host)],
    environment: bench.environment,
    logFile: join(bench.scratch, "simulator.log"),
    readySchema: readyLineSchema,
    startTimeoutMs: 30_000,
  });
  const { url } = started.ready;
  return {
    name,
    url,
    pid: started.pid,
    passLog: null,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
