import { resolve } from "node:path";
import type { Command } from "commander";
import { failuresAmong } from "../analysis/cell/failures.ts";
import { readCellSummary } from "../analysis/measured-cell.ts";
import { recordedArguments } from "../config/recorded.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { systemClock } from "../measure/clock.ts";
import { rebuildReport, renderReport, writtenReport } from "../report/rebuild.ts";
import type { ReportModel } from "../report/model/report-model.ts";
import type { Shard } from "../plan/shard.ts";
import type { CellSearch, NextCells } from "../run/growing-plan.ts";
import { listEpisodes } from "../report/views/episode-list.ts";
import type { RedoRule } from "../run/remaining-work.ts";
import { executeRun } from "../run/run.ts";
import type { Screen } from "../run/status-line.ts";
import { compressLog } from "../store/compressed-log.ts";
import { resolveRun } from "../store/list-runs.ts";
import { openEpisodeIndex, readOutcomes } from "../store/episode-index.ts";
import { nextCommand } from "../store/next-command.ts";
import { readRun } from "../store/read-run.ts";
import { failedSuite, sweepSuite } from "../report/ci/suites.ts";
import { metricsPortOption } from "./arguments.ts";
import { junitOption, leaveForCi, wantedByCi, type CiFlags } from "./ci-results.ts";
import { terminalOf, type Loudness } from "./end-screen.ts";
import { collect } from "./experiment.ts";
import { cacheDirectory, type Host } from "./host.ts";
import { sinkKinds, workIn } from "./parts.ts";
import { skipOption } from "./preflight.ts";
import { runToItsEnd, type CommandEnd, type ShownRun } from "./run-to-its-end.ts";

/** What every command that runs an experiment lets a user choose. */
export interface RunFlags extends Loudness, CiFlags {
  readonly set: readonly string[];
  readonly out?: string;
  readonly resume?: string;
  readonly budget?: string;
  readonly metricsPort: number;
  readonly skipPreflight: readonly string[];
  readonly detach?: boolean;
}

/** Adds the options that `RunFlags` describes, apart from --resume, which each command explains for itself. */
export function runOptions(command: Command): Command {
  const options = command
    .option("--out <folder>", "folder of run directories (default: the experiment's output.directory)")
    .option(
      "--set <path=value>",
      "change one setting of the experiment, e.g. sweep.concurrency=[1,2]; may be repeated",
      collect,
      [],
    )
    .addOption(metricsPortOption())
    .addOption(skipOption());
  return outcomeOptions(options);
}

/** How long a run goes on, where, and what is said of it. */
export function outcomeOptions(command: Command): Command {
  return command
    .option("--budget <time>", "stop after this time with what is finished, e.g. 90m, 4h")
    .option("-q, --quiet", "print nothing but the run directory, and say only what goes wrong")
    .option("-v, --verbose", "print the whole report before the last screen")
    .addOption(junitOption())
    .option("--detach", "run in the background and survive the terminal; see status, attach, stop");
}

export interface ExperimentRun {
  readonly loaded: LoadedExperiment;
  readonly flags: RunFlags;
  readonly redo: RedoRule;
  /** What becomes of finished episodes whose trajectories are lost. */
  readonly lost: "refuse" | "repeat";
  /** What is printed of a run that ended, before its directory. */
  readonly show: NonNullable<ShownRun<ReportModel>["show"]>;
  /** The experiment is the one that the resumed run recorded. */
  readonly ownExperiment?: boolean;
  /** Verdicts of cells that are good enough for exit code 0. */
  readonly usable: ReadonlySet<string>;
  /** What decides about exit code 0 instead. */
  readonly isUsable?: (report: ReportModel) => boolean;
  /** Decides on cells while the run goes on; absent: the whole sweep is planned. */
  readonly search?: CellSearch;
  /** The part of the sweep that is run; absent: all of it. */
  readonly shard?: Shard | undefined;
  /** Decides on repetitions beyond those of the sweep. */
  readonly more?: NextCells | null;
}

/** Runs an experiment as a command does. */
export async function runExperiment(host: Host, run: ExperimentRun): Promise<void> {
  const { loaded, flags } = run;
  const outputDirectory = resolve(host.workingDirectory, flags.out ?? loaded.experiment.output.directory);
  const resume =
    flags.resume === undefined ? null : await resolveRun(flags.resume, { runs: outputDirectory });
  await runToItsEnd(host, {
    budget: flags.budget,
    // On a terminal it stands in the screen already.
    advice: async (directory) =>
      host.output.columns === null || flags.quiet ? await adviceOn(directory) : [],
    show: flags.quiet ? undefined : shownBy(run, host),
    leave: wantedByCi(host, flags) ? (end) => leaveResult(run, end, host) : undefined,
    usable: (report) =>
      run.isUsable?.(report) ?? report.cells.every(({ verdict }) => run.usable.has(verdict)),
    execute: async ({ stop, opened }) => {
      const ended = await executeRun({
        loaded,
        workload: workIn(loaded.experiment),
        place: {
          outputDirectory,
          resume,
          ownExperiment: run.ownExperiment ?? false,
          lost: run.lost,
          shard: run.shard,
          argv: recordedArguments(host.argv),
          opened,
        },
        redo: run.redo,
        search: run.search,
        more: run.more,
        environment: host.environment,
        cacheDirectory: cacheDirectory(host),
        metricsPort: flags.metricsPort,
        skipPreflight: new Set(flags.skipPreflight),
        stop,
        screen: flags.quiet ? quietScreen(host) : host,
        summarise: async (stored, cellId) => {
          const summary = await readCellSummary(await readRun(stored.path), cellId);
          const record = { v: 1, type: "cell", cellId, at: systemClock.wallIso(), summary } as const;
          await stored.append(record);
          return record;
        },
        sinkKinds,
        report: rebuildReport,
        writtenReport,
      });
      // Ids and logprobs are most of a collection, and nobody reads them with grep. The report says what is on the disk.
      const compressed =
        ended.outcome.reason === "complete" && (await compressLog(ended.directory, "tokens.jsonl"));
      return compressed ? { ...ended, report: await rebuildReport(ended.directory) } : ended;
    },
  });
}

function shownBy({ flags, show }: ExperimentRun, host: Host): ExperimentRun["show"] {
  if (!flags.verbose) return show;
  return async (report, directory) =>
    [
      renderReport(report, "table", { seed: false, ...terminalOf(host) }),
      "",
      await show(report, directory),
    ].join("\n");
}

/** The verdicts and the last screen, for a CI system. */
async function leaveResult(
  { loaded, flags, show, usable }: ExperimentRun,
  { reported, error }: CommandEnd<ReportModel>,
  host: Host,
): Promise<void> {
  const { name } = loaded.experiment;
  if (reported === null) {
    const text = error ?? "nothing was measured";
    await leaveForCi(host, flags, { suite: failedSuite(name, text), title: `${name}: not measured`, text });
    return;
  }
  const { report, directory } = reported;
  const suite = sweepSuite(report, { usable, error });
  const good = suite.cases.every(({ problem }) => problem === null);
  const title = `${name}: ${good ? "usable" : "NOT USABLE"}${report.run.simulated ? ", simulated engines" : ""}`;
  await leaveForCi(host, flags, { suite, title, text: await show(report, directory) });
}

/** Warnings and failures; not how it goes. */
export function quietScreen({ write }: Host): Screen {
  return {
    interactive: false,
    columns: 0,
    write: (text) => {
      if (/^warning|failed|died|ended/.test(text)) write(text);
    },
  };
}

/** What failed, with its first message, and the command that goes on with the run or repairs it. */
async function adviceOn(directory: string): Promise<readonly string[]> {
  const run = await readOutcomes(directory);
  const episodes = { index: await openEpisodeIndex(directory), runId: run.identity.runId };
  const { causes } = await listEpisodes(episodes, { choice: { failed: true }, limit: 1, page: 1 });
  const failed = failuresAmong(causes);
  const next = nextCommand(run);
  return [
    ...failed.map(
      ({ class: name, count, message, episodeId }) =>
        `${count} episodes failed: ${name}, first: ${message} (tollgate inspect ${directory} ${episodeId})`,
    ),
    ...(next === null ? [] : [`To ${next.why}: ${next.command}`]),
  ];
}
