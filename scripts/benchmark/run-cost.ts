import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readyLineSchema, tollgateEntry } from "../../bench/stack/own-program.ts";
import { spawnManaged } from "../../bench/supervisor/managed-process.ts";
import { readProcesses } from "../soak/observed-processes.ts";
import { repeatedReading, shortText, type Measurement, type Reading, type Workbench } from "./measurement.ts";
import { tau2Data, type Tau2Data } from "./tau2-data.ts";

/** Tasks in which doing nothing scores 0, as in experiments/airline.yaml. */
const tasks = ["7", "8", "12", "14", "15", "17", "18", "20", "23", "24", "32", "44"];
const engineFlags =
  "--domain airline --decode-step-ms 0.01 --decode-step-ms-per-request 0 --prefill-tokens-per-second 100000000";

interface Cost {
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/**
 * What a run costs its machine: processor time and memory of every process of 12 airline tasks by the native agent, as the kernel counts
 * them. The simulated engines are started here, are attached and do not count. With `--against` another checkout does the same in turn.
 */
export const runCost: Measurement = measurement("cost", { agent: "native", cpu: 3.5, memory: 450 });

/** The same by OpenClaw. */
export const openclawCost: Measurement = {
  ...measurement("cost-openclaw", { agent: "openclaw", cpu: 20, memory: null }),
  long: true,
};

interface Wanted {
  readonly agent: "native" | "openclaw";
  readonly cpu: number;
  readonly memory: number | null;
}

function measurement(name: string, wanted: Wanted): Measurement {
  return {
    name,
    measure: async (bench) => {
      const data = tau2Data(bench);
      return "skipped" in data ? data : costReadings(bench, data, wanted);
    },
  };
}

async function costReadings(bench: Workbench, data: Tau2Data, wanted: Wanted): Promise<readonly Reading[]> {
  const { dataDirectory } = data.domain("airline");
  await using agent = await engine(bench, "agent", dataDirectory);
  await using user = await engine(bench, "user", dataDirectory);
  const experiment = join(bench.scratch, `cost-${wanted.agent}.yaml`);
  await writeFile(
    experiment,
    JSON.stringify({
      name: "cost",
      stack: { kind: "attach", agent: { url: agent.ready.url }, user: { url: user.ready.url } },
      arms: [{ kind: "raw" }],
      agent: { kind: wanted.agent },
      workload: { domain: "airline", data: dataDirectory, tasks: { ids: tasks } },
      sweep: { concurrency: [1] },
    }),
  );
  const checkouts = [bench.root, ...(bench.against === undefined ? [] : [bench.against])];
  const costs = new Map<string, Cost[]>(checkouts.map((checkout) => [checkout, []]));
  // The first run of each fills the caches of compiled code and is not counted.
  for (let run = 0; run <= (bench.quick ? 1 : 5); run += 1) {
    for (const checkout of run % 2 === 0 ? checkouts : checkouts.toReversed()) {
      const cost = await costOf(bench, checkout, experiment);
      if (run > 0) costs.get(checkout)?.push(cost);
    }
  }
  const what = `12 airline tasks, ${wanted.agent}, all processes`;
  const cpu = { what: `${what}: processor time`, unit: "s", target: wanted.cpu } as const;
  const memory = { what: `${what}: resident memory, summed`, unit: "MB", target: wanted.memory } as const;
  const valuesOf = (of: (cost: Cost) => number) => (checkout: string) => (costs.get(checkout) ?? []).map(of);
  return [
    compared(
      cpu,
      bench,
      valuesOf(({ cpuSeconds }) => cpuSeconds),
    ),
    compared(
      memory,
      bench,
      valuesOf(({ megabytes }) => megabytes),
    ),
  ];
}

function engine(bench: Workbench, role: "agent" | "user", data: string) {
  return spawnManaged(process.execPath, {
    name: `${role} engine`,
    args: [
      tollgateEntry,
      "simulate",
      "--role",
      role,
      "--port",
      "0",
      "--data",
      data,
      ...engineFlags.split(" "),
    ],
    environment: bench.environment,
    logFile: join(bench.scratch, `${role}-engine.log`),
    readySchema: readyLineSchema,
    startTimeoutMs: 60_000,
  });
}

async function costOf(bench: Workbench, checkout: string, experiment: string): Promise<Cost> {
  const before = secondsOfEndedChildren();
  const words = ["sweep", experiment, "--out", join(bench.scratch, "runs"), "-q"];
  const driver = spawn(join(checkout, "bin/tollgate"), words, {
    cwd: checkout,
    env: bench.environment,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  let runId = "not begun";
  driver.on("message", ({ directory }: { readonly directory: string }) => (runId = basename(directory)));
  const ended = once(driver, "exit") as Promise<[number | null]>;
  let megabytes = 0;
  while (driver.exitCode === null && driver.signalCode === null) {
    const processes = readProcesses(driver.pid ?? 0, runId);
    megabytes = Math.max(
      megabytes,
      processes.reduce((sum, one) => sum + one.megabytes, 0),
    );
    await Promise.race([ended, sleep(50)]);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`tollgate ${words.join(" ")} of ${checkout} ended with ${code}.`);
  return { cpuSeconds: secondsOfEndedChildren() - before, megabytes };
}

/** Of all children of this process that have ended, with those that they waited for: fields 16 and 17 of stat(5). */
function secondsOfEndedChildren(): number {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function compared(
  subject: Pick<Reading, "what" | "unit" | "target">,
  { root, against }: Workbench,
  valuesOf: (checkout: string) => readonly number[],
): Reading {
  const own = repeatedReading(subject, valuesOf(root));
  if (against === undefined) return own;
  const other = repeatedReading(subject, valuesOf(against));
  const ratio = `${shortText(own.value / other.value)} of ${shortText(other.value)} (${other.spread ?? "once"}) in ${basename(against)}`;
  return { ...own, spread: [own.spread, ratio].filter((part) => part !== null).join("; ") };
}
