import type { Command } from "commander";
import { capacitySearch } from "../capacity/capacity-search.ts";
import { usable } from "../analysis/cell/verdict.ts";
import { capacitySettings, episodesAt } from "../config/capacity-schema.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { sloOf } from "../config/slo-schema.ts";
import { ConfigError } from "../errors.ts";
import type { ReportModel } from "../report/model/report-model.ts";
import { redoInterrupted } from "../run/remaining-work.ts";
import { positive } from "./arguments.ts";
import { detach } from "./detached.ts";
import { capacityEnd } from "./end-screen.ts";
import { readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
import { inVariant, variantOption, type VariantFlag } from "./in-variant.ts";
import { workIn } from "./parts.ts";
import { runExperiment, runOptions, type ExperimentRun, type RunFlags } from "./run-experiment.ts";

interface CapacityFlags extends RunFlags, VariantFlag {
  readonly from?: number;
  readonly to?: number;
  readonly repetitions?: number;
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  const command = program
    .command("capacity <file>")
    .description(
      "search the most agents in flight that hold the experiment's sweep.slo, in every arm; the last line printed is the run directory",
    )
    .option("--from <n>", "fewest agents in flight (default: capacity.from, 1)", positive)
    .option("--to <n>", "most agents in flight (default: capacity.to, 256)", positive)
    .option("--repetitions <n>", "cells at a load that decides (default: capacity.repetitions, 4)", positive)
    .addOption(variantOption())
    .option("--json", "print the answer as JSON")
    .option("--resume <run>", "go on with a search (path, name or @last)");
  runOptions(command)
    .addHelpText("after", explanation)
    .action((file: string, flags: CapacityFlags) =>
      flags.detach ? detach(file, flags, host) : capacity(file, flags, host),
    );
}

const explanation = `
One cell each at 1, 2, 4, 8, ... agents in flight until one is beyond the limits, then loads in between: that finds the edge.
Then new cells with repetitions at both sides of it decide. The answer is a range: "between 24 and 28".
Exit code 0: both ends of every range are shown. 1: one of them is not. See docs/capacity.md.`;

async function capacity(file: string, flags: CapacityFlags, host: Host): Promise<void> {
  const loaded = inVariant(await searched(file, flags, host), flags, "capacity");
  await runExperiment(host, { loaded, flags, ...capacityPieces(host, loaded, flags) });
}

/** What makes a run of an experiment a search. */
export function capacityPieces(
  host: Host,
  { experiment }: LoadedExperiment,
  { json = false }: Pick<CapacityFlags, "json">,
): Omit<ExperimentRun, "loaded" | "flags"> {
  const slo = sloOf(experiment.sweep.slo);
  if (slo === null)
    throw new ConfigError(
      "The experiment sets no limits. Add them, e.g. --set 'sweep.slo={ttft_p95: 2s, itl_p95: 50ms}'; see docs/capacity.md.",
    );
  return {
    search: capacitySearch({
      slo,
      settings: capacitySettings(experiment.capacity),
      arms: experiment.arms.map(({ name }) => name),
    }),
    // A cell with a part of its load is none.
    redo: redoInterrupted,
    lost: "repeat",
    usable,
    isUsable: isAnswered,
    show: (report, directory) =>
      json
        ? Promise.resolve(JSON.stringify(report.capacity ?? null, null, 2))
        : capacityEnd(host, report, directory),
  };
}

/** Loads beyond the limits may fail: that is what was searched. */
function isAnswered({ capacity: answer }: ReportModel): boolean {
  return answer !== undefined && answer.arms.every(({ low, high }) => low !== null && high !== null);
}

/** The experiment as a search, in the words of `--set`. */
async function searched(file: string, flags: CapacityFlags, host: Host): Promise<LoadedExperiment> {
  const whole = readExperiment(file, flags.set, host);
  if (whole.experiment.collect !== undefined)
    throw new ConfigError(`${file} has a collect section: run it with \`tollgate collect ${file}\`.`);
  const { from, to, repetitions } = flags;
  const settings = {
    ...capacitySettings(whole.experiment.capacity),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(repetitions !== undefined && { repetitions }),
  };
  const once = await workIn(whole.experiment).plan(
    { ...whole.experiment, workload: { ...whole.experiment.workload, trials: 1 } },
    host.environment,
  );
  const trials = Math.ceil(episodesAt(settings.to, settings) / Math.max(1, once.episodes.length));
  const set = (path: string, value: unknown) => `${path}=${JSON.stringify(value)}`;
  return readExperiment(
    file,
    [
      ...flags.set,
      set("capacity", settings),
      set("sweep.concurrency", [settings.to]),
      set("sweep.repetitions", 1),
      set("workload.trials", trials),
    ],
    host,
  );
}
