import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { EngineCore } from "./engine/engine.ts";
import { parseFaults } from "./settings/faults.ts";
import type { SimulatorOptions } from "./settings/options.ts";
import { policies } from "./policy/policies.ts";
import { scriptedModel } from "./policy/scripted-model.ts";
import { SimulatorServer } from "./server.ts";

/** What a simulator needs of its process. */
export interface SimulatorIo {
  /** Receives the ready line, without a newline. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Monotonic nanoseconds. */
  readonly clockNs: () => number;
  readonly pid: number;
  /** Processor time of the process so far. */
  readonly cpuSeconds: () => number;
  /** Aborted when the simulator should stop. */
  readonly signal: AbortSignal;
  /** Ends the process at once, as a crash would; for the fault `die-after`. */
  readonly die: () => void;
  /** Fields of `/server_info` that are told besides the simulator's own, and instead of them. */
  readonly serverInfo?: Readonly<Record<string, unknown>>;
}

/** Time that running requests get to end after the stop signal. */
const stopGraceMs = 2000;

/**
 * Runs a simulated engine until `io.signal` aborts. Prints one line of JSON `{"url":"…","pid":N}` when it is ready.
 * @throws ConfigError for options or data that cannot work, StartError when the port cannot be had
 */
export async function runSimulator(options: SimulatorOptions, io: SimulatorIo): Promise<void> {
  const faults = parseFaults(options.faults, options.seed);
  const model = scriptedModel(policies[options.policy](options));
  const log = options.logFile === null ? null : createWriteStream(options.logFile, { flags: "a" });
  log?.on("error", (error) => io.err(`simulator: cannot write ${options.logFile}: ${error.message}`));
  const engine = new EngineCore({
    options,
    model,
    faults,
    clockNs: io.clockNs,
    pid: io.pid,
    cpuSeconds: io.cpuSeconds,
    serverInfo: io.serverInfo ?? {},
    logSink: log === null ? null : (line) => void log.write(line),
  });
  const server = new SimulatorServer(engine, { die: io.die, onBug: io.err });
  const url = await server.listen();
  await engine.warmUp();
  io.out(JSON.stringify({ url, pid: io.pid }));
  if (!io.signal.aborted) await once(io.signal, "abort");
  await server.close(stopGraceMs);
  log?.end();
}
