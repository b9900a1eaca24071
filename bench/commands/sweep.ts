import { resolve } from "node:path";
import { Option, type Command } from "commander";
import type { Experiment } from "../config/experiment.ts";
import { ConfigError } from "../errors.ts";
import { usable } from "../analysis/cell/verdict.ts";
import { repeatLoads } from "../run/repeat-loads.ts";
import { redoAll, redoFailed, redoFailing, redoInterrupted, redoUnusable } from "../run/remaining-work.ts";
import { detach } from "./detached.ts";
import { sweepEnd } from "./end-screen.ts";
import { limited, limitOption, readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
import { shardIn, shardOptions, startedRun, type ShardFlags } from "./shard-options.ts";
import { runExperiment, runOptions, type ExperimentRun, type RunFlags } from "./run-experiment.ts";

interface SweepFlags extends RunFlags, ShardFlags {
  readonly limit?: number;
  readonly goOn?: boolean;
  readonly anyVerdict?: boolean;
  readonly redo?: RedoName;
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
    .addOption(redoOption("with --resume: "))
    .option(
      "--go-on",
      "go on with the newest run of this experiment (and shard) in --out, where there is one",
    )
    .addHelpText(
      "after",
      `
Ctrl-C drains: episodes in flight run to their end, then the run stops and can be resumed. Ctrl-C twice cancels them.
Examples:
  $ tollgate sweep experiments/laptop.yaml
  $ tollgate sweep experiments/airline.yaml --set sweep.concurrency=[1] --set workload.trials=4
  $ tollgate resume runs/airline-20260101T120000Z-1a2b3c      goes on with it, whatever it was started with`,
    );
  command.option("--any-verdict", "exit code 0 for a run that is complete, whatever its verdicts are");
  runOptions(shardOptions(command.addOption(limitOption()))).action((file: string, flags: SweepFlags) =>
    flags.detach ? detach(file, flags, host) : sweep(file, flags, host),
  );
}

const redoRules = {
  interrupted: redoInterrupted,
  invalid: redoUnusable(usable),
  failed: redoFailed,
};

export type RedoName = keyof typeof redoRules;

export function redoOption(when: string): Option {
  return new Option(
    "--redo <what>",
    `${when}run again also these cells, or (failed) all episodes that a failed part ended or whose trajectory is lost`,
  ).choices(Object.keys(redoRules));
}

async function sweep(file: string, flags: SweepFlags, host: Host): Promise<void> {
  const loaded = readExperiment(file, limited(file, flags, host), host);
  if (loaded.experiment.collect !== undefined)
    throw new ConfigError(`${file} has a collect section: run it with \`tollgate collect ${file}\`.`);
  if (flags.redo !== undefined && flags.resume === undefined)
    throw new ConfigError("--redo goes with --resume RUN: it names cells of an earlier run");
  const shard = shardIn(flags, host);
  const started = await goneOnWith(flags, { loaded, shard }, host);
  await runExperiment(host, {
    loaded,
    shard,
    flags: { ...flags, ...started },
    ...(flags.anyVerdict === true && { isUsable: () => true }),
    ...sweepPieces(host, flags, loaded.experiment),
  });
}

/** What is started again after it was killed, as a pod is, knows no name of a run. */
async function goneOnWith(
  { goOn, resume, out }: SweepFlags,
  of: Parameters<typeof startedRun>[1],
  { workingDirectory, tell }: Host,
): Promise<Pick<RunFlags, "resume">> {
  if (goOn !== true) return {};
  if (resume !== undefined) throw new ConfigError("--go-on finds the run itself: leave --resume RUN out.");
  const folder = resolve(workingDirectory, out ?? of.loaded.experiment.output.directory);
  const found = await startedRun(folder, of);
  if (found === null) return {};
  tell(`going on with ${found}`);
  return { resume: found };
}

/** What makes a run of an experiment a sweep. */
export function sweepPieces(
  host: Host,
  { redo }: Pick<SweepFlags, "redo">,
  experiment: Experiment,
): Pick<ExperimentRun, "redo" | "lost" | "usable" | "show" | "more"> {
  return {
    more: repeatLoads(experiment),
    redo: redo === undefined ? redoFailing : redoAll(redoFailing, redoRules[redo]),
    lost: redo === "failed" ? "repeat" : "refuse",
    usable,
    show: (report, directory) => sweepEnd(host, report, directory),
  };
}
