import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../bench/simulator/program.ts", import.meta.url));

/** A simulated engine in a process of its own, ended when the variable goes out of scope. */
export interface EngineProcess extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  /** Resolves when the process is gone. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Everything that a run of the program says until it ends by itself. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Fast enough for tests: a token every 0.2 ms. */
const quick = ["--decode-step-ms", "0.2", "--decode-step-ms-per-request", "0.01"];

export async function startEngine(args: readonly string[] = [], role = "agent"): Promise<EngineProcess> {
  const child = spawn(process.execPath, [program, "--role", role, "--port", "0", ...quick, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, "line"), exited.then(() => null)]);
  if (first === null) throw new Error(`the simulator ended before it was ready: ${stderr}`);
  const { url, pid } = JSON.parse(String(first[0])) as { url: string; pid: number };
  if (pid !== child.pid) throw new Error(`ready line names pid ${pid}, not ${child.pid}`);
  return {
    url,
    child,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs the program with arguments that make it end by itself. */
export async function runProgram(args: readonly string[]): Promise<ProgramResult> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
