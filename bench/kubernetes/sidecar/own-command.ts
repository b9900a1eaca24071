import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** How one of Tollgate's own commands ended. */
export interface OwnCommandEnd {
  readonly exitCode: number;
  /** Last line of its standard output; empty where it has said nothing. */
  readonly lastLine: string;
  /** Last lines of its standard error. */
  readonly tail: readonly string[];
}

export interface OwnCommandOptions {
  /** The program and what comes before the arguments. */
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Every line that it says, on both of its streams. */
  readonly say: (line: string) => void;
}

/** From the first signal on: the first asks a run to end, the second not to wait for what is in flight, the third is not asked. */
const afterTermMs = 100;
const untilKillMs = 1200;
const tailLines = 20;

/** Runs a command of Tollgate as a process of its own, and ends it when the signal says so. */
export async function ownCommand(
  arguments_: readonly string[],
  options: OwnCommandOptions,
): Promise<OwnCommandEnd> {
  const [file = "", ...before] = options.program;
  const child = spawn(file, [...before, ...arguments_], {
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let lastLine = "";
  const tail: string[] = [];
  const read = Promise.all([
    eachLine(child.stdout, (line) => {
      if (line !== "") lastLine = line;
      options.say(line);
    }),
    eachLine(child.stderr, (line) => {
      if (line.trim() !== "") tail.push(line);
      if (tail.length > tailLines) tail.shift();
      options.say(line);
    }),
  ]);
  const stop = () => end(child);
  options.signal.addEventListener("abort", stop, { once: true });
  if (options.signal.aborted) stop();
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal === null ? 70 : 128)));
  });
  options.signal.removeEventListener("abort", stop);
  if (!options.signal.aborted) await read;
  return { exitCode, lastLine, tail };
}

function end(child: ChildProcess): void {
  child.kill("SIGTERM");
  setTimeout(() => child.kill("SIGTERM"), afterTermMs);
  setTimeout(() => child.kill("SIGKILL"), untilKillMs).unref();
}

async function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) take(line);
}
