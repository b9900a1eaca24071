import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { checkNames } from "../../bench/preflight/run-checks.ts";
import { TemporaryFolder, tollgate, TollgateProcess, type Finished } from "./tollgate-process.ts";

type Settings = Readonly<Record<string, unknown>>;

/** Engines that take almost no time, so that a test waits for Tollgate and for nothing else. */
export const fastEngine = { decodeStepMs: 0.2, decodeStepMsPerRequest: 0, prefillTokensPerSecond: 1_000_000 };

/** Two short tasks of our own domain, by tau2's own agent loop, straight and through the gateway. */
export const smallExperiment: Settings = {
  name: "small",
  stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
  agent: { kind: "native" },
  workload: { domain: "library", tasks: { count: 2 } },
  sweep: { concurrency: [2] },
};

/** Engines on which an episode takes seconds, so that something can happen to it. */
export const slowStack = {
  kind: "embedded",
  agent: { ...fastEngine, decodeStepMs: 15 },
  user: { ...fastEngine, decodeStepMs: 15 },
};

/** The verdict of a cell without a fault. A machine that is busy with other things is rightly called `client-limited`. */
export const sound: unknown = expect.stringMatching(/^(valid|client-limited)$/);

/** Arguments of a sweep that leaves every preflight check out: its engines are broken on purpose, or count their requests. */
export const unchecked: readonly string[] = checkNames.flatMap((name) => ["--skip-preflight", name]);

/** A folder with an experiment in it, where its runs, its temporary files and nothing else go. */
export class Workplace extends TemporaryFolder {
  readonly file = join(this.path, "experiment.yaml");
  readonly runs = join(this.path, "runs");
  readonly #temporary = join(this.path, "tmp");

  constructor(changes: Settings = {}) {
    super();
    mkdirSync(this.#temporary);
    this.write(changes);
  }

  /** Writes the experiment: `smallExperiment` with these top-level keys instead. JSON is YAML. */
  write(changes: Settings): void {
    writeFileSync(this.file, JSON.stringify({ ...smallExperiment, ...changes }, null, 2));
  }

  start(...args: readonly string[]): TollgateProcess {
    return new TollgateProcess(["sweep", this.file, "--out", this.runs, ...args], this.environment);
  }

  sweep(...args: readonly string[]): Promise<Finished> {
    return tollgate(["sweep", this.file, "--out", this.runs, ...args], this.environment);
  }

  /** Every temporary file of the command goes to a folder of its own, so that what is left there can be seen. */
  get environment(): Readonly<Record<string, string>> {
    return { TMPDIR: this.#temporary };
  }

  /** Scratch folders of runs that are still there. */
  scratch(): readonly string[] {
    return readdirSync(this.#temporary).filter((name) => name.startsWith("tg-"));
  }
}

/** The last line on standard output, which for a sweep is its run directory. */
export function lastLine({ stdout }: Pick<Finished, "stdout">): string {
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}
