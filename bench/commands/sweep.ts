import { Option, type Command } from "commander";
import { ConfigError } from "../errors.ts";
import { renderReport } from "../report/rebuild.ts";
import {
  redoAll,
  redoFailed,
  redoFailing,
  redoInterrupted,
  redoUnusable,
  type RedoRule,
} from "../run/remaining-work.ts";
import { detach } from "./detached.ts";
import { readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
import { runExperiment, runOptions, type RunFlags } from "./run-experiment.ts";

interface SweepFlags extends RunFlags {
  readonly redo?: keyof typeof redoRules;
}

export function register(program: Command, host: Host): void {
  const command = program
    .command("sweep <file>")
    .description(
      "run an experiment: every cell of its matrix, in every arm; the last line printed is the run directory",
    )
    .option(
      "--resume <run>",
      "go on with a run (path, name or @last); finished episodes are kept, failed ones of a failing cell are run again",
    )
    .addOption(
      new Option(
        "--redo <what>",
        "with --resume: run again also these cells, or (failed) all episodes that a failed part ended or whose trajectory is lost",
      ).choices(Object.keys(redoRules)),
    )
    .addHelpText(
      "after",
      `
Ctrl-C drains: episodes in flight run to their end, then the run stops and can be resumed. Ctrl-C twice cancels them.
Examples:
  $ tollgate sweep experiments/laptop.yaml
  $ tollgate sweep experiments/airline.yaml --set sweep.concurrency=[1] --set workload.trials=4
  $ tollgate sweep experiments/airline.yaml --resume runs/airline-20260101T120000Z-1a2b3c`,
    );
  runOptions(command).action((file: string, flags: SweepFlags) =>
    flags.detach ? detach(file, flags, host) : sweep(file, flags, host),
  );
}

/** `client-limited` is a warning: the agent side was the bottleneck, but rewards and counts stand. */
const usableVerdicts: ReadonlySet<string> = new Set(["valid", "client-limited"]);

const redoRules = {
  interrupted: redoInterrupted,
  invalid: redoUnusable(usableVerdicts),
  failed: redoFailed,
};

async function sweep(file: string, flags: SweepFlags, host: Host): Promise<void> {
  const loaded = readExperiment(file, flags.set, host);
  if (loaded.experiment.collect !== undefined)
    throw new ConfigError(`${file} has a collect section: run it with \`tollgate collect ${file}\`.`);
  await runExperiment(host, {
    loaded,
    flags,
    redo: redoRule(flags),
    lost: flags.redo === "failed" ? "repeat" : "refuse",
    usable: usableVerdicts,
    show: (model) => renderReport(model, "table"),
  });
}

function redoRule({ redo, resume }: SweepFlags): RedoRule {
  if (redo === undefined) return redoFailing;
  if (resume === undefined)
    throw new ConfigError("--redo goes with --resume RUN: it names cells of an earlier run");
  return redoAll(redoFailing, redoRules[redo]);
}
