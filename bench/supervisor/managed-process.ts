import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { z } from "zod";
import { StartError, messageOf } from "../errors.ts";
import { causesIn, wholeLog } from "../host/log-cause.ts";
import { lastLines } from "../host/log-tail.ts";
import { sendSignal } from "../host/signals.ts";
import { Deadline } from "../measure/deadline.ts";

/** How it is known that a program serves. */
export type Readiness<Ready> =
  /** Shape of the first line on stdout, for programs of ours. */
  | { readonly readySchema: z.ZodType<Ready> }
  /** Asks until the program answers, for programs of others. Given up when the signal says so; `note` takes what came of it last. */
  | { readonly probe: (signal: AbortSignal, note: (state: string) => void) => Promise<Ready> };

export type ManagedProcessOptions<Ready> = ManagedProcessBasics & Readiness<Ready>;

interface ManagedProcessBasics {
  /** Name of the part, for messages. */
  readonly name: string;
  readonly args: readonly string[];
  /** The whole environment of the child; the run's variables must be in it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** stdout and stderr are appended to it. */
  readonly logFile: string;
  readonly startTimeoutMs: number;
  /** Between SIGTERM and SIGKILL in `stop`. */
  readonly stopGraceMs?: number;
  /** What to change, by the log of a program that did not start; null where that is not known. */
  readonly advice?: (log: string) => string | null;
  /** Opens Node's IPC channel (serialization "advanced") as well. */
  readonly ipc?: boolean;
  /** Told of the child's start and end, e.g. a supervisor. */
  readonly keeper?: { watch(pid: number): void; unwatch(pid: number): void };
  readonly signal?: AbortSignal;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child program in a process group of its own. */
export interface ManagedProcess<Ready> extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly ready: Ready;
  readonly child: ChildProcess;
  /** Settles when the process ends, for whatever reason. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** The end of the log, for messages. */
  lastLogLines(count: number): string;
  /** SIGTERM, the grace period, SIGKILL for the whole group. Resolves when the process is gone; may be called again. */
  stop(): Promise<ProcessExit>;
}

/**
 * Starts a program and waits until it serves.
 * @throws {StartError} with the last log lines when it cannot be started, ends early, says something else or is late.
 */
export async function spawnManaged<Ready>(
  command: string,
  options: ManagedProcessOptions<Ready>,
): Promise<ManagedProcess<Ready>> {
  options.signal?.throwIfAborted();
  const { log, fromByte } = openLog(options);
  const failed = (what: string, cause?: unknown) => startError({ ...options, fromByte }, what, cause);
  const child = spawn(command, options.args, {
    cwd: options.workingDirectory,
    env: options.environment,
    detached: true,
    serialization: "advanced",
    // They go to the file by themselves; only where the first line of stdout is the ready line does it pass through here.
    stdio: [
      "ignore",
      "probe" in options ? log : "pipe",
      log,
      ...(options.ipc === true ? ["ipc" as const] : []),
    ],
  });
  const exited = exitOf(child);
  // Not at exit: output that is still in the pipe is written afterwards.
  child.once("close", () => closeSync(log));
  const firstLine = firstLineOf(child, log);
  const { pid } = child;
  if (pid === undefined) {
    const [cause] = (await once(child, "error")) as [Error];
    throw failed(`could not be started: ${cause.message}`, cause);
  }
  options.keeper?.watch(pid);
  void exited.then(() => {
    // What it started and left behind would hold its port and its GPU. Only right after its end: later the number may be
    // somebody else's.
    sendSignal(-pid, "SIGKILL");
    options.keeper?.unwatch(pid);
  });
  const stop = stopper(child, { exited, graceMs: options.stopGraceMs ?? 5_000 });
  try {
    const ready = await waitUntilReady(options, { exited, firstLine, failed });
    const lastLogLines = (count: number) => lastLines(options.logFile, count, fromByte);
    const dispose = async () => void (await stop());
    return {
      name: options.name,
      pid,
      ready,
      child,
      exited,
      lastLogLines,
      stop,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** Open for appending, and where the output of this program begins: of one that is started again it is not the beginning. */
function openLog({ name, logFile }: { readonly name: string; readonly logFile: string }) {
  try {
    const log = openSync(logFile, "a");
    return { log, fromByte: fstatSync(log).size };
  } catch (cause) {
    throw new StartError(
      name,
      `${name} was not started: its log ${logFile} cannot be opened: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

interface StartingChild {
  readonly exited: Promise<ProcessExit>;
  readonly firstLine: Promise<string | null>;
  readonly failed: (what: string, cause?: unknown) => StartError;
}

async function waitUntilReady<Ready>(
  options: ManagedProcessOptions<Ready>,
  { exited, firstLine, failed }: StartingChild,
): Promise<Ready> {
  const given = new AbortController();
  using deadline = new Deadline(options.startTimeoutMs);
  let state = "";
  const note = (text: string) => (state = `; ${text}`);
  try {
    const ready = await Promise.race([
      "probe" in options ? options.probe(given.signal, note) : firstLine,
      exited.then(() => null),
      timeout(deadline, options.signal),
    ]);
    if (ready === null) {
      const { code, signal } = await exited;
      throw failed(`ended before it was ready (exit code ${code ?? "none"}, signal ${signal ?? "none"})`);
    }
    if (ready === late) throw failed(`was not ready after ${options.startTimeoutMs} ms${state}`);
    return "probe" in options ? (ready as Ready) : readyLine(options, ready as string, failed);
  } finally {
    given.abort();
  }
}

function readyLine<Ready>(
  options: { readonly readySchema: z.ZodType<Ready> },
  line: string,
  failed: StartingChild["failed"],
): Ready {
  try {
    return options.readySchema.parse(JSON.parse(line));
  } catch (cause) {
    throw failed(`printed a first line that is no ready line: ${line.slice(0, 200)}`, cause);
  }
}

const late = Symbol("late");

function timeout(deadline: Deadline, signal: AbortSignal | undefined): Promise<typeof late> {
  return new Promise((resolve, reject) => {
    deadline.signal.addEventListener("abort", () => resolve(late), { once: true });
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

interface FailedStart extends Pick<ManagedProcessBasics, "name" | "logFile" | "advice"> {
  readonly fromByte: number;
}

/** The cause comes first: after it programs print stacks, banners and farewells, which are all that the log's end shows. */
function startError(
  { name, logFile, advice, fromByte }: FailedStart,
  what: string,
  cause?: unknown,
): StartError {
  const log = wholeLog(logFile, fromByte);
  const advised = advice?.(log) ?? null;
  const lines = lastLines(logFile, 15, fromByte);
  const causes = causesIn(log).filter(
    (line) =>
      !lines
        .split("\n")
        .slice(-3)
        .some((one) => one.includes(line)),
  );
  return new StartError(
    name,
    [
      `${name} ${what}.`,
      ...(advised === null ? [] : [`${advised.charAt(0).toUpperCase()}${advised.slice(1)}.`]),
      ...(causes.length === 0 ? [] : [`Its log says:\n${causes.map((line) => `  ${line}`).join("\n")}\n`]),
      `Log: ${logFile}${lines === "" ? " (empty)" : `, which ends with:\n${lines}`}`,
    ].join(" "),
    { cause },
  );
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    // Without a pid there will be no exit event.
    child.once("error", () => child.pid === undefined && resolve({ code: null, signal: null }));
  });
}

/** Null when stdout ends without a line. Everything is copied to the log, also what comes later. */
function firstLineOf(child: ChildProcess, log: number): Promise<string | null> {
  return new Promise((resolve) => {
    if (child.stdout === null) return resolve(null);
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      resolve(line);
      tryWrite(log, `${line}\n`);
    });
    lines.on("close", () => resolve(null));
  });
}

/** A full disk or a log that is already closed must not take down the driver: the child's output is not evidence. */
function tryWrite(log: number, text: string): boolean {
  try {
    writeSync(log, text);
    return true;
  } catch (thrown) {
    process.emitWarning(`A child's output could not be logged: ${messageOf(thrown)}`, {
      code: "TOLLGATE_LOG",
    });
    return false;
  }
}

function stopper(
  child: ChildProcess,
  options: { readonly exited: Promise<ProcessExit>; readonly graceMs: number },
): () => Promise<ProcessExit> {
  let stopping: Promise<ProcessExit> | undefined;
  const stop = async () => {
    const pid = child.pid ?? 0;
    const running = child.exitCode === null && child.signalCode === null;
    if (running) sendSignal(pid, "SIGTERM");
    const timer = setTimeout(() => sendSignal(-pid, "SIGKILL"), options.graceMs);
    const exit = await options.exited;
    clearTimeout(timer);
    return exit;
  };
  return () => (stopping ??= stop());
}
