import { dirname } from "node:path";
import { Option, type Command } from "commander";
import type { Experiment } from "../config/experiment.ts";
import { ConfigError } from "../errors.ts";
import { redoFailedEpisodes } from "../run/remaining-work.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { readRunJson } from "../store/read-run.ts";
import type { RunJson } from "../store/run-json.ts";
import { metricsPortOption } from "./arguments.ts";
import { capacityPieces } from "./capacity.ts";
import { collectionEnd, collectionVerdicts, gpusOf } from "./collect.ts";
import { detachInto } from "./detached.ts";
import { resumeFeedback } from "./feedback.ts";
import { findRun, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";
import { skipOption } from "./preflight.ts";
import { recordedExperiment } from "./recorded-experiment.ts";
import { outcomeOptions, runExperiment, type ExperimentRun, type RunFlags } from "./run-experiment.ts";
import { redoOption, sweepPieces, type RedoName } from "./sweep.ts";
import { collect } from "./experiment.ts";

interface ResumeFlags extends Omit<RunFlags, "out" | "resume">, RunsFlag {
  readonly redo?: RedoName;
}

export function register(program: Command, host: Host): void {
  const command = program
    .command("resume <run>")
    .description(
      "go on with a sweep, a search or a collection that was stopped or killed, with the settings that its run directory holds",
    )
    .addOption(redoOption(""))
    .addOption(
      new Option(
        "--set <path=value>",
        "give a key that the record left out, as ${NAME} of a variable; may be repeated",
      )
        .argParser(collect)
        .default([], "none"),
    )
    .addOption(metricsPortOption())
    .addOption(skipOption())
    .addOption(runsOption())
    .addHelpText(
      "after",
      `
Finished episodes are kept; failed ones of a failing cell are run again. Where the data have changed since, nothing is run: exit code 5.
A replay cannot be gone on with: start it again.`,
    );
  outcomeOptions(command).action((run: string, flags: ResumeFlags) => resume(run, flags, host));
}

async function resume(reference: string, flags: ResumeFlags, host: Host): Promise<void> {
  const directory = await findRun(host, reference, flags);
  const identity = await readRunJson(directory);
  const { replay, runId } = identity;
  if (replay !== undefined)
    throw new ConfigError(
      `${runId} is a replay, which cannot be gone on with. Start it again: tollgate replay ${replay.source.runId}`,
    );
  if (flags.detach) return await detachInto(dirname(directory), host);
  if (identity.feedback !== undefined) {
    if (flags.redo !== undefined)
      throw new ConfigError("A run of the preference loop does each step once: leave --redo out.");
    return await resumeFeedback(host, { directory, identity, flags });
  }
  const loaded = await recordedExperiment({ identity }, flags.set, host);
  await runExperiment(host, {
    ...piecesOf(identity, loaded, { flags, host }),
    loaded,
    ownExperiment: true,
    flags: {
      ...flags,
      out: dirname(directory),
      resume: directory,
      skipPreflight: [...flags.skipPreflight, ...leftOutBefore(identity)],
    },
  });
}

type Pieces = Omit<ExperimentRun, "loaded" | "flags">;

/** What the run is: a search, a sweep or a collection. */
function piecesOf(
  identity: RunJson,
  loaded: LoadedExperiment,
  { flags, host }: { readonly flags: ResumeFlags; readonly host: Host },
): Pieces {
  if (identity.search !== undefined) {
    if (flags.redo !== undefined)
      throw new ConfigError("A search measures again what it needs: leave --redo out.");
    return capacityPieces(host, loaded, {});
  }
  return loaded.experiment.collect === undefined
    ? sweepPieces(host, flags, loaded.experiment)
    : collectionPieces(host, flags, loaded.experiment);
}

function collectionPieces(host: Host, flags: ResumeFlags, experiment: Experiment): Pieces {
  const groupSize = experiment.collect?.groupSize ?? 1;
  if (flags.redo !== undefined)
    throw new ConfigError("A collection runs everything again that failed: leave --redo out.");
  return {
    redo: redoFailedEpisodes,
    lost: "repeat",
    usable: collectionVerdicts,
    show: (report, directory) =>
      collectionEnd(host, { report, directory, groupSize, gpus: gpusOf(experiment) }),
  };
}

/** What a person left out of the checks is left out again. */
function leftOutBefore({ argv }: RunJson): readonly string[] {
  return argv.flatMap((word, at) => {
    if (word === "--skip-preflight") return argv[at + 1] ?? [];
    return word.startsWith("--skip-preflight=") ? word.slice("--skip-preflight=".length) : [];
  });
}
