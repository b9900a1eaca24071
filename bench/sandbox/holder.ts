import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { StartError } from "../errors.ts";
import { liveProcess } from "../host/process-table.ts";
import { sendSignal } from "../host/signals.ts";
import { Timer } from "../measure/deadline.ts";
import type { Invocation } from "./sandbox.ts";

const startTimeoutMs = 20_000;
/** The kernel waits for every dead process inside to be taken note of, also by programs that are not ours. */
const endTimeoutMs = 5_000;

/** The program that holds a sandbox. Its standard input is a pipe of ours: it ends when this process does, however that ends. */
export interface Holder extends AsyncDisposable {
  /** First process inside, by its number on this machine. When it ends, the kernel ends all others inside. */
  readonly initPid: number;
  /** Tells that process from a later one with the same number. */
  readonly initStartTicks: number;
  /** Words of the ready line after the number. */
  readonly facts: readonly string[];
  /** Ends it and all that runs inside; `ended` tells when that is done. */
  kill(): void;
  /** Resolves when it has ended, for whatever reason; nothing inside runs any more. */
  readonly ended: Promise<void>;
}

/**
 * Starts a holder and waits for its line `ready PID …` on stdout, or `ready -` where the lines before it tell the number as
 * bwrap does.
 * @throws {StartError} with what it printed on stderr
 */
export async function startHolder(what: string, invocation: Invocation): Promise<Holder> {
  const child = spawn(invocation.file, invocation.arguments, {
    cwd: "/",
    env: invocation.environment,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // The holder may end before this process closes its input.
  child.stdin.on("error", () => undefined);
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-4000)));
  const exited = exitOf(child);
  const lines = await linesUntilReady(child);
  const [word, said, ...facts] = (lines.at(-1) ?? "").split(" ");
  const pid = said === "-" ? /"child-pid": (\d+)/.exec(lines.join(" "))?.[1] : said;
  const init = word === "ready" ? liveProcess(Number(pid)) : null;
  const ended = exited.then(() => undefined);
  if (init === null) {
    kill(child);
    const why = await exited;
    throw new StartError(
      "sandbox",
      `${what} did not start (${why}): ${complaints.trim() || lines.join(" ") || "it said nothing"}`,
    );
  }
  // A number that has become another process's is not killed: while the holder runs, its first process is not forgotten.
  const killInit = () => {
    if (child.exitCode === null && child.signalCode === null) sendSignal(init.pid, "SIGKILL");
  };
  const dispose = async () => {
    child.ref();
    child.stdin.destroy();
    killInit();
    await Promise.race([ended, sleep(endTimeoutMs, undefined, { ref: false })]);
    // Where it ended by itself, a process of its group may be left, on its way out.
    kill(child);
  };
  // A driver that has nothing left to do must be able to end; the closing pipe then ends the holder.
  child.unref();
  for (const stream of child.stdio) if (stream instanceof Socket) stream.unref();
  return {
    initPid: init.pid,
    initStartTicks: init.startTicks,
    facts,
    kill: killInit,
    ended,
    [Symbol.asyncDispose]: dispose,
  };
}

function kill(child: ChildProcess): void {
  if (child.pid !== undefined) sendSignal(-child.pid, "SIGKILL");
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(`exit code ${code ?? "none"}, signal ${signal ?? "none"}`));
    child.once("error", (error) => resolve(error.message));
  });
}

/** The last line is the ready line, unless it did not come, or not in time. */
export async function linesUntilReady(child: ChildProcess): Promise<readonly string[]> {
  if (child.stdout === null) return [];
  const lines: string[] = [];
  const done = Promise.withResolvers<void>();
  using _timer = new Timer(startTimeoutMs, done.resolve);
  child.once("error", () => done.resolve());
  createInterface({ input: child.stdout })
    .on("line", (line) => {
      lines.push(line);
      if (line.startsWith("ready ")) done.resolve();
    })
    .once("close", done.resolve);
  await done.promise;
  return lines;
}
