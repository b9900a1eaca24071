#!/usr/bin/env node
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { messageOf } from "../bench/errors.ts";
import { EpisodeCounter } from "./soak/episode-counter.ts";
import { readProcesses } from "./soak/observed-processes.ts";
import { soakChart } from "./soak/soak-chart.ts";
import { SoakLog } from "./soak/soak-log.ts";

const usage = `usage: node scripts/soak.ts [--agent native] [--episodes 2000] [--concurrency 4] [--every 2] [--set PATH=VALUE]... [-o DIR]
Runs that many episodes of the library domain on simulated engines in one cell, and watches every process of the run meanwhile: memory,
descriptors, episodes a minute. Leaves soak.csv and soak.svg in DIR (default: the run directory) and prints what grew.
  --agent NAME      native or openclaw
  --every SECONDS   between two looks
  --set             as of \`tollgate sweep\``;

const options = {
  agent: { type: "string", default: "native" },
  episodes: { type: "string", default: "2000" },
  concurrency: { type: "string", default: "4" },
  every: { type: "string", default: "2" },
  set: { type: "string", multiple: true },
  out: { type: "string", short: "o" },
  help: { type: "boolean", short: "h", default: false },
} as const;
type Settings = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

const root = join(import.meta.dirname, "..");
const tasksOfLibrary = 12;
/** Model time is nothing here: what is tried is how long the harness lasts. */
const engine = { decodeStepMs: 0.01, decodeStepMsPerRequest: 0, prefillTokensPerSecond: 100_000_000 };

try {
  const { values } = parseArgs({ options });
  if (values.help) console.log(usage);
  else process.exitCode = await soak(values);
} catch (error) {
  console.error(`${messageOf(error)}\n${usage}`);
  process.exitCode = 2;
}

async function soak(settings: Settings): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-soak-"));
  const experiment = join(folder, "soak.yaml");
  writeFileSync(experiment, JSON.stringify(experimentOf(settings)));
  const sets = (settings.set ?? []).flatMap((one) => ["--set", one]);
  const runs = resolve(settings.out ?? "runs");
  const driver = spawn(join(root, "bin/tollgate"), ["sweep", experiment, "--out", runs, "-q", ...sets], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(driver, "exit") as Promise<[number | null]>;
  const announced = once(driver, "message") as Promise<[{ readonly directory: string }]>;
  const first = await Promise.race([announced, ended]);
  rmSync(folder, { recursive: true });
  const [told] = first;
  if (told === null || typeof told === "number")
    throw new Error(`The run ended with ${told} before it began.`);
  const log = await watch(told.directory, {
    driver: driver.pid ?? 0,
    everyMs: Number(settings.every) * 1000,
    ended,
  });
  const place = settings.out === undefined ? told.directory : runs;
  writeFileSync(join(place, "soak.csv"), log.csv());
  writeFileSync(join(place, "soak.svg"), soakChart(log.panels(), "episodes that have ended"));
  console.log(growthText(log));
  console.log(join(place, "soak.svg"));
  const [code] = await ended;
  return code ?? 1;
}

function experimentOf({ agent, concurrency, episodes }: Settings) {
  return {
    name: "soak",
    stack: { kind: "embedded", agent: engine, user: engine },
    arms: [{ kind: "raw" }],
    agent: { kind: agent },
    workload: { domain: "library", trials: Math.ceil(Number(episodes) / tasksOfLibrary) },
    sweep: { concurrency: [Number(concurrency)] },
  };
}

async function watch(
  directory: string,
  {
    driver,
    everyMs,
    ended,
  }: { readonly driver: number; readonly everyMs: number; readonly ended: Promise<unknown> },
): Promise<SoakLog> {
  const log = new SoakLog();
  const records = new EpisodeCounter(join(directory, "records.jsonl"));
  const startedMs = performance.now();
  let over = false;
  void ended.then(() => (over = true));
  for (;;) {
    await Promise.race([ended, sleep(everyMs)]);
    if (over) return log;
    const processes = readProcesses(driver, basename(directory));
    log.add({ seconds: (performance.now() - startedMs) / 1000, episodes: records.count(), processes });
  }
}

function growthText(log: SoakLog): string {
  const descriptors = new Map(log.growth("descriptors").map((growth) => [growth.name, growth]));
  const cpu = new Map(log.cpuMsPerEpisode().map(({ name, points }) => [name, points.map(([, ms]) => ms)]));
  const rows = log.growth("megabytes").map(({ name, first, last, perThousand }) => {
    const open = descriptors.get(name);
    const ms = cpu.get(name) ?? [];
    const third = Math.max(1, Math.floor(ms.length / 3));
    const ofCpu = [ms.slice(0, third), ms.slice(-third)].map(meanText).join(" | ");
    return `| ${name} | ${first.toFixed(0)} | ${last.toFixed(0)} | ${perThousand.toFixed(2)} | ${(open?.first ?? 0).toFixed(0)} | ${(open?.last ?? 0).toFixed(0)} | ${ofCpu} |`;
  });
  const speeds = log.speed().map(([, speed]) => speed.toFixed(0));
  return [
    "| process | MB, first third | MB, last third | MB per 1,000 episodes | descriptors, first | last | CPU ms/episode, first | last |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    `episodes a minute, one stretch after the other: ${speeds.join(" ")}`,
  ].join("\n");
}

function meanText(values: readonly number[]): string {
  return values.length === 0
    ? "-"
    : (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
}
