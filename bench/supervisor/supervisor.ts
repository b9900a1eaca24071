import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { Socket } from "node:net";
import { isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, StartError, messageOf } from "../errors.ts";
import { compileCacheVariable, ownProgram } from "../own-files.ts";
import { daemonEnvironment } from "../docker/docker-command.ts";
import { liveProcess } from "../host/process-table.ts";
import { processFingerprint } from "./process-fingerprint.ts";
import { runEnvironment, scratchOwnerFile, type RunOwner } from "../host/run-environment.ts";
import {
  shutdownReportSchema,
  type ShutdownReport,
  type SupervisorCommand,
  type SupervisorOptions,
} from "./supervisor-protocol.ts";
import { waitingShell } from "./waiting-shell.ts";

export interface StartSupervisorOptions {
  readonly runId: string;
  /** Unique among supervisors of this host, e.g. a random UUID. */
  readonly supervisorId: string;
  /** Removed with everything in it when the driver is gone. Absolute. */
  readonly scratchDirectory: string;
  /** For a run with containers: the environment that leads `docker` to their daemon. They are found by their label. */
  readonly docker?: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs?: number;
  /** When to give up on processes that cannot be ended. */
  readonly deadlineMs?: number;
}

/**
 * A process of its own that ends every process and removes every container of a run when this one is gone, however it
 * went. It finds processes by `TOLLGATE_RUN` in their environment and by registration, containers by their label.
 */
export interface Supervisor {
  readonly pid: number;
  /** To be added to the environment of every child process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Settles when a supervisor ended without a shutdown, the first time. Another one takes its place at once. */
  readonly died: Promise<StartError>;
  /** Registers a child that leads a process group of its own. Needed only for those that replace their environment. */
  watch(pid: number): void;
  unwatch(pid: number): void;
  /** Clean end: says what was left alive, ends it, removes the scratch directory. Call once, last. */
  shutdown(): Promise<ShutdownReport>;
}

/**
 * Starts the supervisor. It works from the moment this returns: its instructions wait in the pipe.
 * @throws {ConfigError} when the scratch directory holds something that must survive the run.
 */
export function startSupervisor(options: StartSupervisorOptions): Supervisor {
  refuseToRemove(options);
  const { runId, supervisorId } = options;
  const owner = { runId, supervisorId, driver: processFingerprint(process.pid) };
  const environment = runEnvironment(owner);
  claimScratch(options.scratchDirectory, owner);
  const program: SupervisorOptions = {
    runId,
    supervisorId,
    scratchDirectory: options.scratchDirectory,
    driverPid: process.pid,
    containers: options.docker !== undefined,
    graceMs: options.graceMs ?? 2_000,
    deadlineMs: options.deadlineMs ?? 7_500,
  };
  return new SupervisorPrograms(program, {
    environment: { ...daemonEnvironment(options.docker ?? {}), ...environment },
    forChildren: environment,
    logFile: options.logFile,
  });
}

/** One that dies is replaced so often. What ends it time and again would end every one. */
const replacementsMax = 5;

interface ProgramContext {
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** The supervisor's process, and the one after it where somebody ended that. */
class SupervisorPrograms implements Supervisor {
  readonly environment: Readonly<Record<string, string>>;
  readonly died: Promise<StartError>;
  readonly #options: SupervisorOptions;
  readonly #context: ProgramContext;
  /** Told again to one that takes another's place. */
  readonly #watched = new Map<number, SupervisorCommand>();
  readonly #tellDeath: (error: StartError) => void;
  #child: ChildProcess;
  #ended: Promise<string>;
  #deaths = 0;
  #leaving = false;

  constructor(
    options: SupervisorOptions,
    { forChildren, ...context }: ProgramContext & { readonly forChildren: Readonly<Record<string, string>> },
  ) {
    this.environment = forChildren;
    this.#options = options;
    this.#context = context;
    const { promise, resolve } = Promise.withResolvers<StartError>();
    this.died = promise;
    this.#tellDeath = resolve;
    this.#child = spawnProgram(options, context);
    this.#ended = this.#follow(this.#child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  watch(pid: number): void {
    const command = { op: "watch", pid, startTicks: liveProcess(pid)?.startTicks ?? null } as const;
    this.#watched.set(pid, command);
    this.#send(command);
  }

  unwatch(pid: number): void {
    this.#watched.delete(pid);
    this.#send({ op: "unwatch", pid });
  }

  async shutdown(): Promise<ShutdownReport> {
    this.#leaving = true;
    this.#child.ref();
    if (this.#child.stdout instanceof Socket) this.#child.stdout.ref();
    this.#send({ op: "shutdown" });
    this.#child.stdin?.end();
    return readReport(this.#child, { ended: this.#ended, logFile: this.#context.logFile });
  }

  #send(command: SupervisorCommand): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Resolves with how it ended. */
  #follow(child: ChildProcess): Promise<string> {
    // One that died is reported by `died`; a write that then fails says nothing new.
    child.stdin?.on("error", () => undefined);
    const ended = once(child, "exit").then(
      ([code, signal]) => `exit code ${code ?? "none"}, signal ${signal ?? "none"}`,
      messageOf,
    );
    void ended.then((why) => {
      if (!this.#leaving) this.#replace(why);
    });
    return ended;
  }

  #replace(why: string): void {
    this.#deaths += 1;
    const isReplaced = this.#deaths <= replacementsMax;
    const next = isReplaced
      ? "Another one has taken its place."
      : "It ended too often to be replaced: nobody cleans up after a crash.";
    this.#tellDeath(
      new StartError("supervisor", `The supervisor ended (${why}). ${next} See ${this.#context.logFile}.`),
    );
    if (!isReplaced) return;
    this.#child = spawnProgram(this.#options, this.#context);
    this.#ended = this.#follow(this.#child);
    for (const command of this.#watched.values()) this.#send(command);
  }
}

function spawnProgram(options: SupervisorOptions, context: ProgramContext): ChildProcess {
  const log = openSync(context.logFile, "a");
  try {
    const program = ownProgram(new URL("./program.ts", import.meta.url));
    const child = spawn(
      "sh",
      ["-c", waitingShell, "sh", options.runId, process.execPath, program, JSON.stringify(options)],
      {
        // Outside the scratch directory and the run directory, which must be removable.
        cwd: "/",
        env: { ...context.environment, ...compileCacheVariable() },
        // A session of its own: the terminal's signals do not reach it.
        detached: true,
        stdio: ["pipe", "pipe", log],
      },
    );
    releaseEventLoop(child);
    return child;
  } finally {
    closeSync(log);
  }
}

/** A driver that has nothing left to do must be able to end; the closing pipe then tells the supervisor. */
function releaseEventLoop(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
}

async function readReport(
  child: ChildProcess,
  context: { readonly ended: Promise<string>; readonly logFile: string },
): Promise<ShutdownReport> {
  const [line, why] = await Promise.all([child.stdout === null ? "" : text(child.stdout), context.ended]);
  try {
    return shutdownReportSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new StartError("supervisor", `The supervisor gave no report (${why}). See ${context.logFile}.`, {
      cause,
    });
  }
}

/** So that `tollgate clean` knows whose it is when this process and the supervisor are both gone. */
function claimScratch(directory: string, owner: RunOwner): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, scratchOwnerFile), `${JSON.stringify(owner)}\n`);
}

function refuseToRemove({ scratchDirectory, logFile }: StartSupervisorOptions): void {
  const precious = [process.cwd(), logFile, fileURLToPath(import.meta.url)].find((path) =>
    isInside(scratchDirectory, path),
  );
  if (!isAbsolute(scratchDirectory) || precious !== undefined) {
    throw new ConfigError(
      `The scratch directory ${scratchDirectory} is removed after the run; it must be absolute and must not hold ${precious ?? "relative paths"}.`,
    );
  }
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}
