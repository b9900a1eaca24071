import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import { liveProcesses } from "../host/process-table.ts";
import { sendSignal } from "../host/signals.ts";
import { Timer } from "../measure/deadline.ts";
import type { CommandOptions, CommandOutcome, Invocation } from "./sandbox.ts";

/** After a command's end its output may still be on the way; a program that it left in the background may hold the pipe for ever. */
const lastOutputMs = 200;

/** Runs a program to its end, or ends it with all of its process group when time is over. Never throws for what it does. */
export async function runCommand(
  invocation: Invocation,
  options: CommandOptions,
  ending: GroupEnding = "together",
): Promise<CommandOutcome> {
  const startMs = performance.now();
  const outcome = (rest: Partial<CommandOutcome>): CommandOutcome => ({
    exitCode: null,
    signal: null,
    stdout: new Uint8Array(),
    stderr: new Uint8Array(),
    droppedBytes: 0,
    timedOut: false,
    ...rest,
    durationMs: performance.now() - startMs,
  });
  if (options.signal?.aborted === true) return outcome({ signal: "SIGKILL" });
  let child: ChildProcess;
  try {
    child = start(invocation, options.input !== undefined);
  } catch (thrown) {
    // Arguments that no program can be given: too long, or with a NUL in them.
    return outcome({ exitCode: 126, stderr: Buffer.from(`cannot be started: ${messageOf(thrown)}\n`) });
  }
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => keep(stream, options.outputBytesMax));
  let [timedOut, killed] = [false, false];
  const kill = () => {
    killed = true;
    if (child.pid !== undefined) void endGroup(child.pid, ending);
  };
  using _timer = new Timer(options.timeoutMs, () => {
    timedOut = true;
    kill();
  });
  options.signal?.addEventListener("abort", kill, { once: true });
  feed(child, options.input);
  const end = await endOf(child);
  options.signal?.removeEventListener("abort", kill);
  letGo(child);
  if (end.error !== null)
    return outcome({ exitCode: 127, stderr: Buffer.from(`cannot be started: ${end.error}\n`) });
  return outcome({
    // Some leaders tell of a signal by a code.
    exitCode: killed ? null : end.code,
    signal: killed ? "SIGKILL" : end.signal,
    stdout: stdout?.bytes() ?? new Uint8Array(),
    stderr: stderr?.bytes() ?? new Uint8Array(),
    droppedBytes: (stdout?.dropped() ?? 0) + (stderr?.dropped() ?? 0),
    timedOut,
  });
}

/** What a command is told that cannot be run because its sandbox is gone: it looks as one that was ended with it. */
export function outcomeOfNothing(why: string): CommandOutcome {
  return {
    exitCode: null,
    signal: "SIGKILL",
    stdout: new Uint8Array(),
    stderr: Buffer.from(`${why}\n`),
    droppedBytes: 0,
    timedOut: false,
    durationMs: 0,
  };
}

function start({ file, arguments: args, environment }: Invocation, hasInput: boolean): ChildProcess {
  // A process group of its own: what the command started ends with it, and ^C in the terminal is for Tollgate.
  return spawn(file, args, {
    cwd: "/",
    env: environment,
    detached: true,
    stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
  });
}

/**
 * `leader-last`: the leader of the process group only waits for the command (`nsenter`). It must see it end: a dead process
 * that nobody waits for would keep a sandbox from ending. `together`: the leader is the command.
 */
export type GroupEnding = "together" | "leader-last";

async function endGroup(leader: number, ending: GroupEnding): Promise<void> {
  const rounds = ending === "leader-last" ? 20 : 0;
  for (let round = 0; round < rounds; round++) {
    const members = liveProcesses().filter(({ pid, groupId }) => groupId === leader && pid !== leader);
    if (members.length === 0) break;
    // All are stopped before one is ended: a shell would go on with its next command.
    for (const { pid } of members) sendSignal(pid, "SIGSTOP");
    for (const { pid } of members) sendSignal(pid, "SIGKILL");
    await sleep(5);
  }
  sendSignal(-leader, "SIGKILL");
}

function feed(child: ChildProcess, input: Uint8Array | undefined): void {
  // A command that does not read all of its input is no failure.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
}

function keep(stream: Readable | null, bytesMax: number) {
  const chunks: Buffer[] = [];
  let [kept, dropped] = [0, 0];
  stream?.on("data", (chunk: Buffer) => {
    const room = Math.min(chunk.length, bytesMax - kept);
    if (room > 0) chunks.push(Buffer.from(chunk.subarray(0, room)));
    kept += room;
    dropped += chunk.length - room;
  });
  stream?.on("error", () => undefined);
  return { bytes: () => new Uint8Array(Buffer.concat(chunks)), dropped: () => dropped };
}

interface ProgramEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error: string | null;
}

async function endOf(child: ChildProcess): Promise<ProgramEnd> {
  // Asked for before the end: it may come in the same moment.
  const closed = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  const exit = await new Promise<ProgramEnd>((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, error: error.message }));
    child.once("exit", (code, signal) => resolve({ code, signal, error: null }));
  });
  if (exit.error !== null) return exit;
  const late = Promise.withResolvers<void>();
  using _timer = new Timer(lastOutputMs, late.resolve);
  await Promise.race([closed, late.promise]);
  return exit;
}

/**
 * Programs in the background may go on writing: the pipes stay open and are emptied, because a closed one would end them.
 * They do not keep this process alive.
 */
function letGo(child: ChildProcess): void {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.removeAllListeners("data");
    stream?.resume();
    if (stream instanceof Socket) stream.unref();
  }
}
