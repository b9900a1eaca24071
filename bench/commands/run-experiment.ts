import { resolve } from "node:path";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { exitCodeOf, executeRun } from "../run/run.ts";
import { StopRequest } from "../run/stop-request.ts";
import { recordedArguments } from "../config/recorded.ts";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { systemClock } from "../measure/clock.ts";
import { readCellSummary } from "../analysis/measured-cell.ts";
import { rebuildReport } from "../report/rebuild.ts";
import type { ReportModel } from "../report/model/report-model.ts";
import { compressLog } from "../store/compressed-log.ts";
import { resolveRun } from "../store/list-runs.ts";
import { readRun } from "../store/read-run.ts";
import type { RunRecord } from "../store/record.ts";
import type { Host } from "./host.ts";
import { sinkKinds, workIn } from "./parts.ts";

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
  /** Ids of cells, or of single episodes, that a resumed run does again. */
  readonly redo: (records: readonly RunRecord[]) => ReadonlySet<string>;
  /** What is printed of a run that ended, before its directory. */
  readonly show: (model: ReportModel, directory: string) => Promise<string> | string;
  /** Verdicts of cells that are good enough for exit code 0. */
  readonly usable: ReadonlySet<string>;
  /** The command that goes on with it, without the run. */
  readonly again: string;
}

/**
 * Runs an experiment with signals, budget and screen of a command, and sets the exit code. The last line on standard
 * output is the run directory, also when the run fails: what was finished is in there, and scripts look for it.
 */
export async function runExperiment(host: Host, run: ExperimentRun): Promise<void> {
  const { loaded, flags } = run;
  const outputDirectory = resolve(host.workingDirectory, flags.out ?? loaded.experiment.output.directory);
  const stop = new StopRequest(host.tell);
  const release = listen(stop, flags.budget);
  let opened: string | null = null;
  try {
    const { directory, end } = await executeRun({
      loaded,
      workload: workIn(loaded.experiment),
      outputDirectory,
      resume: flags.resume === undefined ? null : await resolveRun(flags.resume, { runs: outputDirectory }),
      redo: run.redo,
      argv: recordedArguments(host.argv),
      environment: host.environment,
      cacheDirectory: cacheDirectory(host),
      metricsPort: flags.metricsPort,
      skipPreflight: new Set(flags.skipPreflight),
      stop,
      screen: { interactive: host.interactive, columns: host.columns, write: (text) => host.write(text) },
      opened: (path) => {
        opened = path;
        host.tell(`run directory: ${path}`);
        host.announce({ directory: path });
      },
      summarise: async (stored, cellId) => {
        const summary = await readCellSummary(await readRun(stored.path), cellId);
        const record = { v: 1, type: "cell", cellId, at: systemClock.wallIso(), summary } as const;
        await stored.append(record);
        return record;
      },
      sinkKinds,
      report: async (path) => {
        await rebuildReport(path);
      },
    });
    // Ids and logprobs are most of a collection, and nobody reads them with grep.
    if (end.reason === "complete") await compressLog(directory, "tokens.jsonl");
    const model = await rebuildReport(directory);
    host.print(await run.show(model, directory));
    host.print(directory);
    const code = exitCodeOf(end, stop);
    const usable = model.cells.every(({ verdict }) => run.usable.has(verdict));
    host.setExitCode(code === exitCodes.ok && !usable ? exitCodes.resultInvalid : code);
    if (end.reason === "failed")
      host.tell(`tollgate: ${end.message}\nGo on with: ${run.again} --resume ${directory}`);
  } catch (error) {
    if (opened !== null) host.print(opened);
    throw error;
  } finally {
    release();
  }
}

/** SIGHUP does no harm: a run outlives the terminal that it was started from. */
export function listen(stop: StopRequest, budget: string | undefined): () => void {
  const handlers: [NodeJS.Signals, () => void][] = [
    ["SIGINT", () => stop.request("sigint")],
    ["SIGTERM", () => stop.request("sigterm")],
    ["SIGUSR2", () => stop.request("stop-command")],
    ["SIGHUP", () => undefined],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  const timer =
    budget === undefined ? undefined : setTimeout(() => stop.request("budget"), durationMs(budget));
  timer?.unref();
  return () => {
    clearTimeout(timer);
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** `90s`, `15m`, `4h` in milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text);
  const unit = { s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ""];
  if (!match?.[1] || unit === undefined)
    throw new ConfigError(`--budget ${text} is no time; write e.g. 90s, 15m or 4h`);
  return Number(match[1]) * unit;
}

export function cacheDirectory({ environment, workingDirectory }: Host): string {
  const base =
    environment["XDG_CACHE_HOME"] ??
    (environment["HOME"] ? `${environment["HOME"]}/.cache` : workingDirectory);
  return `${base}/tollgate`;
}
