import { globSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { chooseSandbox } from "../../bench/sandbox/choice/choose.ts";
import { StartError } from "../../bench/errors.ts";
import { defaultLimits } from "../../bench/config/sandbox-schema.ts";
import { runDriver } from "./driver-process.ts";
import {
  medianReading,
  millisecondsSince,
  type Measurement,
  type Reading,
  type Workbench,
} from "./measurement.ts";

/** How long a sandbox takes until a command in it has ended, of each kind that needs no image. */
export const sandboxStart: Measurement = {
  name: "sandbox",
  measure: async (bench) => {
    const readings: Reading[] = [];
    for (const kind of ["unshare", "bwrap"] as const) readings.push(...(await startsOf(bench, kind)));
    return readings.length > 0 ? readings : { skipped: "neither unshare nor bwrap works here" };
  },
};

async function startsOf(bench: Workbench, kind: "unshare" | "bwrap"): Promise<readonly Reading[]> {
  const scratchDirectory = join(bench.scratch, kind);
  await mkdir(scratchDirectory, { recursive: true });
  const context = { childEnvironment: bench.environment, scratchDirectory, hidden: [] };
  const factory = await chooseSandbox({ kind }, context).catch((error: unknown) => {
    if (error instanceof StartError) return null;
    throw error;
  });
  if (factory === null) return [];
  const startMs: number[] = [];
  const firstCommandMs: number[] = [];
  for (let at = 0; at < (bench.quick ? 5 : 60); at += 1) {
    const workspace = join(scratchDirectory, `w${at}`);
    await mkdir(workspace);
    const startedNs = bench.nowNs();
    await using sandbox = await factory.open({
      name: `w${at}`,
      workspace,
      readOnly: [],
      network: false,
      limits: defaultLimits,
      environment: {},
    });
    startMs.push(millisecondsSince(bench, startedNs));
    await sandbox.run(["true"], { timeoutMs: 10_000, outputBytesMax: 1000 });
    firstCommandMs.push(millisecondsSince(bench, startedNs));
  }
  return [
    medianReading({ what: `sandbox ${kind}: start`, unit: "ms", target: 30 }, startMs),
    medianReading(
      { what: `sandbox ${kind}: start and a first command`, unit: "ms", target: null },
      firstCommandMs,
    ),
  ];
}

/** Of a line of `tasks.ndjson`. */
const timedSchema = z.object({
  place: z.object({ ms: z.object({ open: z.number(), scoring: z.number() }) }),
});

/** What is done around the agent in tasks in a workspace: until it can begin (setup.sh left out), and from its end to the score. */
export const workspaceTasks: Measurement = {
  name: "tasks",
  measure: async (bench) => {
    const engine = { decodeStepMs: 0.2, decodeStepMsPerRequest: 0, prefillTokensPerSecond: 1_000_000 };
    const experiment = {
      name: "benchmark",
      stack: { kind: "embedded", agent: engine, user: engine },
      arms: [{ kind: "raw" }],
      agent: { kind: "native" },
      workload: { kind: "tasks", trials: bench.quick ? 1 : 5 },
      sweep: { concurrency: [1] },
    };
    const file = join(bench.scratch, "tasks.yaml");
    await writeFile(file, JSON.stringify(experiment));
    const { runDirectory } = await runDriver(bench, [file, "--out", join(bench.scratch, "runs")]);
    const lines = await Promise.all(
      globSync(join(runDirectory, "evidence/c*/*/tasks.ndjson")).map((path) => readFile(path, "utf8")),
    );
    const times = lines
      .flatMap((text) => text.trimEnd().split("\n"))
      .filter((line) => line.includes('"score":{'))
      .map((line) => timedSchema.parse(JSON.parse(line)).place.ms);
    const what = "task in a workspace: set-up without setup.sh, and scoring";
    return [
      medianReading(
        { what, unit: "ms", target: 50 },
        times.map(({ open, scoring }) => open + scoring),
      ),
    ];
  },
};
