#!/usr/bin/env node
import { parseArgs } from "node:util";
import { messageOf } from "../bench/errors.ts";
import { multiplyRun } from "./synthetic/multiply-run.ts";

const usage = `usage: node scripts/synthetic-run.ts --from RUN --episodes N -o DIR [--trials 10] [--vary] [--bodies]
Makes a run directory of at least N episodes out of a small one, for trying what large runs cost to read: every episode, trajectory and
exchange of its whole segments, as often as it takes, under fresh ids, one copy behind the other in time. Counters of engines and taps
grow as much. Every command reads the result; its note says that it is synthetic. It cannot be resumed: no workload knows its tasks.
  --trials N   copies of a task that count as its trials; behind those comes another task
  --vary       one episode in a hundred failed, and another one got the other reward
  --bodies     bodies of requests and answers, too`;

const options = {
  from: { type: "string" },
  episodes: { type: "string" },
  out: { type: "string", short: "o" },
  trials: { type: "string", default: "10" },
  vary: { type: "boolean", default: false },
  bodies: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

try {
  const { values } = parseArgs({ options });
  if (values.help) console.log(usage);
  else {
    const { from, out, vary, bodies } = values;
    if (from === undefined || out === undefined) throw new Error("--from, --episodes and -o are needed.");
    const run = await multiplyRun({
      from,
      out,
      vary,
      bodies,
      episodes: wholeNumber("--episodes", values.episodes),
      trials: wholeNumber("--trials", values.trials),
      now: new Date(),
    });
    console.error(`${run.episodes} episodes: ${run.copies} copies of ${from}`);
    console.log(run.directory);
  }
} catch (thrown) {
  console.error(`${messageOf(thrown)}\n\n${usage}`);
  process.exitCode = 2;
}

function wholeNumber(name: string, text: string | undefined): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${name} needs a whole number from 1 on, not ${text ?? "nothing"}.`);
  return value;
}
