import { resolve } from "node:path";
import { readCellSummary } from "../analysis/measured-cell.ts";
import { recordedArguments } from "../config/recorded.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { systemClock } from "../measure/clock.ts";
import { rebuildReport } from "../report/rebuild.ts";
import type { ReportModel } from "../report/model/report-model.ts";
import type { RedoRule } from "../run/remaining-work.ts";
import { executeRun } from "../run/run.ts";
import { compressLog } from "../store/compressed-log.ts";
import { resolveRun } from "../store/list-runs.ts";
import { readRun } from "../store/read-run.ts";
import type { Host } from "./host.ts";
import { sinkKinds, workIn } from "./parts.ts";
import { runToItsEnd, type ShownRun } from "./run-to-its-end.ts";

/** What every command that runs an experiment lets a user choose. */
export interface RunFlags {
  readonly out?: string;
  readonly resume?: string;
  readonly budget?: string;
  readonly metricsPort: number;
  readonly skipPreflight: readonly string[];
}

export interface ExperimentRun {
  readonly loaded: LoadedExperiment;
  readonly flags: RunFlags;
  readonly redo: RedoRule;
  /** What is printed of a run that ended, before its directory. */
  readonly show: ShownRun<ReportModel>["show"];
  /** Verdicts of cells that are good enough for exit code 0. */
  readonly usable: ReadonlySet<string>;
  /** The command that goes on with it, without the run. */
  readonly again: string;
}

/** Runs an experiment as a command does. */
export async function runExperiment(host: Host, run: ExperimentRun): Promise<void> {
  const { loaded, flags } = run;
  const outputDirectory = resolve(host.workingDirectory, flags.out ?? loaded.experiment.output.directory);
  const resume =
    flags.resume === undefined ? null : await resolveRun(flags.resume, { runs: outputDirectory });
  await runToItsEnd(host, {
    budget: flags.budget,
    again: run.again,
    show: run.show,
    usable: ({ cells }) => cells.every(({ verdict }) => run.usable.has(verdict)),
    execute: async ({ stop, opened }) => {
      const ended = await executeRun({
        loaded,
        workload: workIn(loaded.experiment),
        place: { outputDirectory, resume, argv: recordedArguments(host.argv), opened },
        redo: run.redo,
        environment: host.environment,
        cacheDirectory: cacheDirectory(host),
        metricsPort: flags.metricsPort,
        skipPreflight: new Set(flags.skipPreflight),
        stop,
        screen: host,
        summarise: async (stored, cellId) => {
          const summary = await readCellSummary(await readRun(stored.path), cellId);
          const record = { v: 1, type: "cell", cellId, at: systemClock.wallIso(), summary } as const;
          await stored.append(record);
          return record;
        },
        sinkKinds,
        report: rebuildReport,
      });
      // Ids and logprobs are most of a collection, and nobody reads them with grep.
      if (ended.outcome.reason === "complete") await compressLog(ended.directory, "tokens.jsonl");
      return ended;
    },
  });
}

export function cacheDirectory({ environment, workingDirectory }: Host): string {
  const base =
    environment["XDG_CACHE_HOME"] ??
    (environment["HOME"] ? `${environment["HOME"]}/.cache` : workingDirectory);
  return `${base}/tollgate`;
}
