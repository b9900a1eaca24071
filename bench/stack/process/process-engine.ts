import { join } from "node:path";
import type { ProcessEngineSpec } from "../../config/process-schema.ts";
import { adviceForLog } from "../../docker/known-errors.ts";
import { isPortTaken } from "../../host/free-port.ts";
import { lastLines } from "../../host/log-tail.ts";
import { spawnManaged } from "../../supervisor/managed-process.ts";
import { awaitHttp } from "../await-http.ts";
import { loadProgress } from "../docker/load-progress.ts";
import { describeEngine, type Engine } from "../engine.ts";
import { keepEngineEvidence } from "../evidence/engine-evidence.ts";
import { engineKey } from "../keys.ts";
import type { ChildContext } from "../own-program.ts";
import { processPart, type Own } from "../part.ts";
import { engineCommand, hasMetricsPort, shownCommand, type EngineCommand } from "./engine-command.ts";
import { portTaken, refuseOtherKind, refuseOtherListener, residentBytes } from "./engine-checks.ts";

/** A server with the ports that it keeps for the whole run, also when it is started again. */
export interface PlacedEngine {
  readonly role: "agent" | "user";
  readonly spec: ProcessEngineSpec;
  readonly port: number;
  readonly metricsPort: number;
}

export interface ProcessEngineContext extends Omit<ChildContext, "startSeconds"> {
  /** Holds keys of servers. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly evidenceDirectory: string;
  /** The one of `sweep.variants` that the stack is. */
  readonly variant?: string | undefined;
  readonly own: Own;
  readonly tell: (line: string) => void;
}

/**
 * Starts a server from its command line and waits until it serves; what it says about itself goes to the run's evidence.
 * @throws {StartError} with the cause from its log when it ends early, is late, or is not what the experiment says
 */
export async function startProcessEngine(
  engine: PlacedEngine,
  context: ProcessEngineContext,
): Promise<Engine> {
  const { role, spec, port, metricsPort } = engine;
  const name = `${role} engine`;
  const url = `http://127.0.0.1:${port}`;
  const apiKey = engineKey(role, spec, context.environment);
  const ports = { port: String(port), metricsPort: String(metricsPort) };
  const command = engineCommand(spec, { ...ports, engineKey: apiKey, logs: context.logDirectory });
  if (await isPortTaken(port)) throw portTaken(name, port);
  const startMs = performance.now();
  const { pid } = await startServer(engine, { command, url, apiKey }, context);
  const readySeconds = Number(((performance.now() - startMs) / 1000).toFixed(1));
  refuseOtherListener(name, port, pid);
  context.tell(`${name}: pid ${pid} serves at ${url} after ${readySeconds} s`);
  const metricsUrl = `http://127.0.0.1:${hasMetricsPort(spec) ? metricsPort : port}${spec.metricsPath}`;
  const { model, apiKeyEnv } = spec;
  const address = { role, url, model, apiKey, apiKeyEnv, metricsUrl };
  const described = await describeEngine(address, context.signal);
  refuseOtherKind(described, spec);
  const shown = shownCommand(command, context.environment);
  const process = {
    command: shown.words,
    environment: shown.environment,
    workingDirectory: spec.workingDirectory ?? null,
    gpus: spec.gpus ?? null,
    pid,
    readySeconds,
    residentBytes: residentBytes(pid),
  };
  await keepEngineEvidence(described, {
    directory: join(context.evidenceDirectory, "servers"),
    signal: context.signal,
    variant: context.variant,
    more: { process },
  });
  return described;
}

interface Place {
  readonly command: EngineCommand;
  readonly url: string;
  readonly apiKey: string;
}

/** The stack owns it afterwards. */
async function startServer(
  { role, spec }: PlacedEngine,
  { command, url, apiKey }: Place,
  context: ProcessEngineContext,
): Promise<{ readonly pid: number }> {
  const name = `${role} engine`;
  const [file = "", ...args] = command.words;
  const logFile = join(context.logDirectory, `${role}-engine.log`);
  const ready = {
    url: url + spec.ready.path,
    status: spec.ready.status,
    headers: { authorization: `Bearer ${apiKey}` },
  };
  using _progress = tellProgress(name, logFile, context.tell);
  const started = await spawnManaged(file, {
    name,
    args,
    environment: { ...context.childEnvironment, ...command.environment },
    ...(spec.workingDirectory === undefined ? {} : { workingDirectory: spec.workingDirectory }),
    logFile,
    probe: async (signal, note) => {
      await awaitHttp(ready, signal, note);
      return true as const;
    },
    startTimeoutMs: spec.startSeconds * 1000,
    stopGraceMs: spec.stopSeconds * 1000,
    advice: adviceForLog,
    keeper: context.keeper,
    signal: context.signal,
  });
  const part = role === "agent" ? "engine" : "user-engine";
  context.own({ part, arm: null, running: processPart(started) });
  return started;
}

const tellEveryMs = 15_000;

/** For a person who waits for the weights. */
function tellProgress(name: string, logFile: string, tell: (line: string) => void): Disposable {
  let told = "";
  const timer = setInterval(() => {
    const line = loadProgress(lastLines(logFile, 40));
    if (line !== null && line !== told) tell(`${name}: ${line}`);
    told = line ?? told;
  }, tellEveryMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
