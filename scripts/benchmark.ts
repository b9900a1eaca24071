#!/usr/bin/env node
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../bench/errors.ts";
import { systemClock } from "../bench/measure/clock.ts";
import { gatewayLatency, tapLatency } from "./benchmark/added-latency.ts";
import { airlineEnvironments } from "./benchmark/airline-environments.ts";
import { airlineEvaluation } from "./benchmark/airline-evaluation.ts";
import { firstCommand } from "./benchmark/first-command.ts";
import { loadGenerator } from "./benchmark/load-generator.ts";
import { loadAverage, loadWarning, machineFacts } from "./benchmark/machine.ts";
import type { Measurement, Reading, Workbench } from "./benchmark/measurement.ts";
import { nativeSweep } from "./benchmark/native-sweep.ts";
import { benchmarkText, isMet } from "./benchmark/table.ts";
import { promptRendering } from "./benchmark/prompt-rendering.ts";
import { telecomReplay, toolCalls } from "./benchmark/tau2-calls.ts";
import { toolRoundTrip } from "./benchmark/tool-round-trip.ts";

/** How fast Tollgate itself is. Prints a table and asserts nothing: whether a target is met depends on the machine. */
const measurements: readonly Measurement[] = [
  nativeSweep,
  tapLatency,
  gatewayLatency,
  loadGenerator,
  promptRendering,
  toolRoundTrip,
  airlineEnvironments,
  airlineEvaluation,
  toolCalls,
  telecomReplay,
  firstCommand,
];

const usage = `usage: npm run bench -- [--quick] [--full] [--only NAME]... [--json]
  --quick       few repetitions: shows that everything runs
  --full        also what takes minutes: ${namesOf(measurements.filter(({ long }) => long))}
  --only NAME   one of ${namesOf(measurements)}; may be repeated
  --json        print JSON
example: npm run bench -- --only tap --only gateway
TOLLGATE_SHARED (default ../shared) holds tau2/data and tau2/golden; without them what needs them is left out.`;

const flags = readFlags();
if (flags !== null) await run(flags);

interface Flags {
  readonly quick: boolean;
  readonly full: boolean;
  readonly json: boolean;
  readonly only: readonly string[];
}

async function run(flags: Flags): Promise<void> {
  const chosen = measurements.filter(({ name, long }) =>
    flags.only.length > 0 ? flags.only.includes(name) : flags.full || long !== true,
  );
  const root = resolve(import.meta.dirname, "..");
  const scratch = await mkdtemp(join(tmpdir(), "tg-bench-"));
  const start = loadAverage();
  try {
    const bench = workbench({ root, scratch, quick: flags.quick });
    const machine = await machineFacts(root, new Date());
    const outcome = await measureAll(bench, chosen);
    const load = { start, end: loadAverage() };
    const report = {
      machine,
      load,
      warning: loadWarning(load, machine.cpuCount),
      quick: flags.quick,
      ...outcome,
    };
    const readings = outcome.readings.map((reading) => ({ ...reading, met: isMet(reading) }));
    console.log(flags.json ? JSON.stringify({ ...report, readings }, null, 2) : benchmarkText(report));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** One after the other, so that none disturbs another. One that fails is reported beside the others' numbers. */
async function measureAll(bench: Workbench, chosen: readonly Measurement[]) {
  const readings: Reading[] = [];
  const skipped: { name: string; reason: string }[] = [];
  const failed: { name: string; reason: string }[] = [];
  for (const { name, measure } of chosen) {
    console.error(`measuring ${name}`);
    try {
      const outcome = await measure(bench);
      if ("skipped" in outcome) skipped.push({ name, reason: outcome.skipped });
      else readings.push(...outcome);
    } catch (error) {
      failed.push({ name, reason: messageOf(error) });
    }
  }
  return { readings, skipped, failed };
}

function workbench(given: Pick<Workbench, "root" | "scratch" | "quick">): Workbench {
  const shared = resolve(given.root, process.env["TOLLGATE_SHARED"] ?? "../shared");
  const { PATH = "", HOME = given.scratch } = process.env;
  return {
    ...given,
    shared: existsSync(join(shared, "tau2", "data")) ? shared : null,
    environment: { PATH, HOME, TMPDIR: given.scratch },
    nowNs: () => systemClock.nowNs(),
  };
}

/** null when there is nothing to run. */
function readFlags(): Flags | null {
  const flag = { type: "boolean", default: false } as const;
  const options = {
    quick: flag,
    full: flag,
    json: flag,
    help: flag,
    only: { type: "string", multiple: true },
  } as const;
  try {
    const { values } = parseArgs({ options });
    const { help, only = [], ...rest } = values;
    const unknown = only.find((name) => measurements.every((known) => known.name !== name));
    if (unknown !== undefined) throw new Error(`There is no measurement ${unknown}.`);
    if (!help) return { only, ...rest };
    console.log(usage);
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`);
    process.exitCode = 2;
  }
  return null;
}

function namesOf(some: readonly Measurement[]): string {
  return some.map(({ name }) => name).join(", ");
}
