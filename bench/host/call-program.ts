import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface ProgramCall {
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** File descriptor to read from; absent: nothing. */
  readonly stdin?: number | undefined;
  /** File descriptor that gets stdout and stderr; both are empty in the result then. */
  readonly output?: number | undefined;
  /** Told of each line of stdout as it comes; stdout is empty in the result then. */
  readonly onLine?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** null: for as long as it likes. */
  readonly timeoutMs: number | null;
}

export interface CalledProgram {
  readonly stdout: string;
  readonly stderr: string;
  /** null: it was killed. */
  readonly exitCode: number | null;
  /** Whether its time was over. */
  readonly late: boolean;
}

/**
 * Runs a program to its end, in a process group of its own: ^C in the terminal is for Tollgate, which then ends what it does in its own
 * order. When the signal or the time says so, it is killed with all that it started (login plugins, ssh, credential helpers). Rejects with
 * the signal's reason, or as `spawn` does, e.g. with ENOENT where there is no such program.
 */
export async function callProgram(
  file: string,
  words: readonly string[],
  call: ProgramCall,
): Promise<CalledProgram> {
  call.signal?.throwIfAborted();
  const child = spawn(file, words, {
    env: { ...call.environment },
    detached: true,
    stdio: [call.stdin ?? "ignore", call.output ?? "pipe", call.output ?? "pipe"],
  });
  const kill = () => killGroup(child.pid);
  let late = false;
  const giveUp = () => {
    late = true;
    kill();
  };
  const timer = call.timeoutMs === null ? undefined : setTimeout(giveUp, call.timeoutMs);
  call.signal?.addEventListener("abort", kill);
  try {
    const [stdout, stderr, exitCode] = await Promise.all([
      call.onLine === undefined ? textOf(child.stdout) : told(child.stdout, call.onLine),
      textOf(child.stderr),
      endOf(child),
    ]);
    call.signal?.throwIfAborted();
    return { stdout, stderr, exitCode, late };
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener("abort", kill);
  }
}

/** How long output may come after the end of a program: a helper that it left in the background may hold the pipe for ever. */
const lastWordsMs = 2_000;

async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, "exit")) as [number | null];
  const letGo = () => {
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  };
  setTimeout(letGo, lastWordsMs).unref();
  return code;
}

async function textOf(stream: Readable | null): Promise<string> {
  const pieces: Buffer[] = [];
  stream?.on("data", (piece: Buffer) => pieces.push(piece));
  if (stream !== null) await once(stream, "close");
  return Buffer.concat(pieces).toString("utf8");
}

async function told(stream: Readable | null, onLine: (line: string) => void): Promise<string> {
  if (stream === null) return "";
  for await (const line of createInterface({ input: stream })) onLine(line);
  return "";
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}
