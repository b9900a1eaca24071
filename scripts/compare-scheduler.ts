#!/usr/bin/env node
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sections } from "../bench/commands/parts.ts";
import { loadExperiment } from "../bench/config/load-experiment.ts";
import type { ProcessEngineSpec } from "../bench/config/process-schema.ts";
import { messageOf } from "../bench/errors.ts";
import { LoadThread } from "../bench/load/load-thread.ts";
import { measured } from "./benchmark/machine.ts";
import type { Workbench } from "./benchmark/measurement.ts";
import { comparisonText, type SchedulerComparison } from "./scheduler/comparison-table.ts";
import { startReal, startSimulated, type RunningEngine } from "./scheduler/engines.ts";
import { measureLevel, type LevelFigures } from "./scheduler/measure-level.ts";
import { hostTimes } from "./scheduler/pass-log.ts";
import { stepTimesOf } from "./scheduler/step-times.ts";

/** The real SGLang with forward passes of stated length beside the simulator with steps of the same length. Asserts nothing. */
const usage = `usage: SGLANG_PYTHON=FILE LIBRARY_MODEL=FOLDER node scripts/compare-scheduler.ts [--levels 1,16,64] [--json]
  SGLANG_PYTHON   interpreter with SGLang 0.5.23 (scripts/real-engines/install-sglang.sh 0.5.23 FOLDER)
  LIBRARY_MODEL   a folder with the library weights; of them only tokenizer and vocabulary matter
  --levels LIST   users that have conversations at the same time
  --json          print JSON
Server and step times are those of experiments/real-scheduler.yaml. Takes some four minutes; nothing else should run.`;

const flags = readFlags();
if (flags !== null) await run(flags);

type Flags = NonNullable<ReturnType<typeof readFlags>>;

async function run({ levels, json }: Flags): Promise<void> {
  const report = await measured({ quick: false, environment: process.env }, (bench) =>
    compare(bench, levels),
  );
  console.log(json ? JSON.stringify(report, withMaps, 2) : comparisonText(report));
}

async function compare(bench: Workbench, levels: readonly number[]): Promise<SchedulerComparison> {
  const spec = engineOf(join(bench.root, "experiments", "real-scheduler.yaml"));
  const times = stepTimesOf(spec.environment);
  await using thread = new LoadThread(process.env);
  const measureAll = async (starting: Promise<RunningEngine>): Promise<readonly LevelFigures[]> => {
    await using engine = await starting;
    console.error(`${engine.name} serves`);
    // Code is slow until it has run for a while.
    await measureLevel(engine, thread, 1);
    const figures: LevelFigures[] = [];
    for (const users of levels) {
      console.error(`${engine.name}: ${users} in flight`);
      figures.push(await measureLevel(engine, thread, users));
    }
    return figures;
  };
  const real = await measureAll(startReal(bench, spec));
  const host = hostTimes(real.flatMap(({ between }) => between));
  const plain = await measureAll(startSimulated(bench, times, null));
  const withHost = await measureAll(startSimulated(bench, times, host));
  return { times, host, levels: [...real, ...plain, ...withHost] };
}

function engineOf(file: string): ProcessEngineSpec {
  const { experiment } = loadExperiment(file, {
    sections,
    environment: process.env,
    workingDirectory: process.cwd(),
  });
  const { stack } = experiment;
  if (stack.kind !== "process" || stack.agent.kind === "simulator")
    throw new Error(`${file}: stack.agent is no command.`);
  return stack.agent;
}

function withMaps(key: string, value: unknown): unknown {
  // One entry for each pass: the figures say it shorter.
  if (key === "between") return undefined;
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/** null when there is nothing to run. */
function readFlags() {
  const options = {
    levels: { type: "string", default: "1,16,64" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  } as const;
  try {
    const { values } = parseArgs({ options });
    const levels = values.levels.split(",").map(Number);
    if (levels.some((users) => !Number.isInteger(users) || users < 1))
      throw new Error(`--levels takes numbers of users, e.g. 1,16,64, not ${values.levels}`);
    if (!values.help) return { levels, json: values.json };
    console.log(usage);
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`);
    process.exitCode = 2;
  }
  return null;
}
