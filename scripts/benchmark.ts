#!/usr/bin/env node
import { parseArgs } from "node:util";
import { messageOf } from "../bench/errors.ts";
import { gatewayLatency, tapLatency } from "./benchmark/added-latency.ts";
import { airlineEnvironments } from "./benchmark/airline-environments.ts";
import { airlineEvaluation } from "./benchmark/airline-evaluation.ts";
import { answerJudging } from "./benchmark/answer-judging.ts";
import { firstCommand } from "./benchmark/first-command.ts";
import { loadGenerator } from "./benchmark/load-generator.ts";
import { measured } from "./benchmark/machine.ts";
import type { Measurement, Reading, Workbench } from "./benchmark/measurement.ts";
import { nativeSweep } from "./benchmark/native-sweep.ts";
import { benchmarkText, isMet } from "./benchmark/table.ts";
import { promptRendering } from "./benchmark/prompt-rendering.ts";
import { openclawCost, runCost } from "./benchmark/run-cost.ts";
import { telecomReplay, toolCalls } from "./benchmark/tau2-calls.ts";
import { tapCost } from "./benchmark/tap-cost.ts";
import { toolRoundTrip } from "./benchmark/tool-round-trip.ts";
import { longPrompts } from "./benchmark/long-prompts.ts";
import { sandboxStart, workspaceTasks } from "./benchmark/workspace-tasks.ts";

/** How fast Tollgate itself is. Prints a table and asserts nothing: whether a target is met depends on the machine. */
const measurements: readonly Measurement[] = [
  nativeSweep,
  runCost,
  openclawCost,
  tapLatency,
  tapCost,
  gatewayLatency,
  loadGenerator,
  promptRendering,
  toolRoundTrip,
  airlineEnvironments,
  airlineEvaluation,
  toolCalls,
  telecomReplay,
  answerJudging,
  sandboxStart,
  workspaceTasks,
  longPrompts,
  firstCommand,
];

const usage = `usage: npm run bench -- [--quick] [--full] [--only NAME]... [--json]
  --quick       few repetitions: shows that everything runs
  --full        also what takes minutes: ${namesOf(measurements.filter(({ long }) => long))}
  --against DIR another checkout with its packages, run in turn with this one by: cost, cost-openclaw, taps
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
  readonly against?: string | undefined;
}

async function run(flags: Flags): Promise<void> {
  const chosen = measurements.filter(({ name, long }) =>
    flags.only.length > 0 ? flags.only.includes(name) : flags.full || long !== true,
  );
  const given = { quick: flags.quick, against: flags.against, environment: process.env };
  const report = await measured(given, (bench) => measureAll(bench, chosen));
  const readings = report.readings.map((reading) => ({ ...reading, met: isMet(reading) }));
  console.log(flags.json ? JSON.stringify({ ...report, readings }, null, 2) : benchmarkText(report));
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

/** null when there is nothing to run. */
function readFlags(): Flags | null {
  const flag = { type: "boolean", default: false } as const;
  const options = {
    quick: flag,
    full: flag,
    json: flag,
    help: flag,
    only: { type: "string", multiple: true },
    against: { type: "string" },
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
