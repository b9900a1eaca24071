import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { recordSchema, type EpisodeRecord, type RunRecord } from "../../bench/store/record.ts";

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command in a process of its own, as a user starts it. Disposing it kills what is left of it. */
export class TollgateProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #closed: Promise<[number | null, NodeJS.Signals | null]>;
  #stdout = "";
  #stderr = "";

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, ["bench/main.ts", ...args], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = once(this.child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async finished(): Promise<Finished> {
    const [code, signal] = await this.#closed;
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** Resolves with the run directory as soon as the driver names it. */
  async runDirectory(timeoutMs = 60_000): Promise<string> {
    const named = () => /^run directory: (.+)$/m.exec(this.#stderr)?.[1];
    await this.until(() => named() !== undefined, { what: "a run directory", timeoutMs });
    return named() ?? "";
  }

  /** Waits until something holds; rejects with what the process said when it ends or the time is up before. */
  async until(holds: () => boolean, { what, timeoutMs = 60_000 }: { what: string; timeoutMs?: number }) {
    const until = Date.now() + timeoutMs;
    while (!holds()) {
      if (this.ended || Date.now() > until) {
        throw new Error(`there was not ${what} in time:\n${this.#stdout}\n${this.#stderr}`);
      }
      await pause(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#closed;
  }
}

/** The exit code; when it is another one, what the process said is shown. */
export function expectExit({ code, stdout, stderr }: Finished, expected: number): void {
  const said = code === expected ? null : `${stdout}\n${stderr}`;
  expect({ code, said }).toEqual({ code: expected, said: null });
}

export async function tollgate(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return new TollgateProcess(args, environment).finished();
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A folder that is gone when the test is. */
export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "tollgate-e2e-"));
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function readRecords(runDirectory: string): RunRecord[] {
  return readFileSync(join(runDirectory, "records.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => recordSchema.parse(JSON.parse(line)));
}

export function episodesOf(runDirectory: string): EpisodeRecord[] {
  return readRecords(runDirectory).filter((record) => record.type === "episode");
}

export function cellSummaries(runDirectory: string): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    readRecords(runDirectory).flatMap((record) =>
      record.type === "cell" ? [[record.cellId, record.summary]] : [],
    ),
  );
}

/** Pids of live processes whose environment names the run. */
export function processesOf(runId: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return false;
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`TOLLGATE_RUN=${runId}`);
      } catch {
        return false; // It ended while we looked.
      }
    })
    .map(Number);
}

/** Folder of the shared material, or null: then the tests that need it are skipped, visibly. */
export function sharedFolder(): string | null {
  const path = process.env["TOLLGATE_SHARED"] ?? "../shared";
  try {
    readdirSync(join(path, "tau2", "data"));
    return path;
  } catch {
    return null;
  }
}
