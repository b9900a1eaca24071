import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Option, type Command } from "commander";
import { exitCodeOf, executeRun } from "../drive/run.ts";
import { StopRequest } from "../drive/stop-request.ts";
import { ConfigError, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { readCellSummary } from "../report/read-cell.ts";
import { rebuildReport, renderReport } from "../report/rebuild.ts";
import type { ReportModel } from "../report/report-model.ts";
import { systemClock } from "../measure/clock.ts";
import { segmentsOf } from "../store/progress.ts";
import { resolveRun } from "../store/list-runs.ts";
import { readRun } from "../store/read-run.ts";
import type { RunRecord } from "../store/record.ts";
import { openclawTau2 } from "../../openclaw-tau2/workload.ts";
import { collect, readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
import { skipOption } from "./preflight.ts";

interface SweepFlags {
  readonly out?: string;
  readonly set: readonly string[];
  readonly resume?: string;
  readonly redo?: "interrupted" | "invalid";
  readonly budget?: string;
  readonly metricsPort: number;
  readonly skipPreflight: readonly string[];
  readonly detach?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("sweep <file>")
    .description(
      "run an experiment: every cell of its matrix, in every arm; the last line printed is the run directory",
    )
    .option("--out <folder>", "folder of run directories (default: the experiment's output.directory)")
    .option(
      "--set <path=value>",
      "change one setting, e.g. sweep.concurrency=[1,2]; may be repeated",
      collect,
      [],
    )
    .option("--resume <run>", "go on with a run (path, name or @last); finished episodes are kept")
    .addOption(
      new Option("--redo <what>", "with --resume: run these cells again").choices(["interrupted", "invalid"]),
    )
    .option("--budget <time>", "stop after this time with what is finished, e.g. 90m, 4h")
    .option(
      "--metrics-port <port>",
      "port of the driver's own Prometheus page (default: a free one)",
      Number,
      0,
    )
    .addOption(skipOption())
    .option("--detach", "run in the background and survive the terminal; see status, attach, stop")
    .action(async (file: string, flags: SweepFlags) => {
      if (flags.detach) await detach(file, flags, host);
      else await sweep(file, flags, host);
    })
    .addHelpText(
      "after",
      `
Ctrl-C drains: episodes in flight run to their end, then the run stops and can be resumed. Ctrl-C twice cancels them.
Examples:
  $ tollgate sweep experiments/laptop.yaml
  $ tollgate sweep experiments/airline.yaml --set sweep.concurrency=[1] --set workload.trials=4
  $ tollgate sweep experiments/airline.yaml --resume runs/airline-20260101T120000Z-1a2b3c`,
    );
}

async function sweep(file: string, flags: SweepFlags, host: Host): Promise<void> {
  const loaded = readExperiment(file, flags.set, host);
  const outputDirectory = resolve(host.workingDirectory, flags.out ?? loaded.experiment.output.directory);
  const stop = new StopRequest(host.tell);
  const release = listen(stop, flags.budget);
  let opened: string | null = null;
  try {
    const { directory, end } = await executeRun({
      loaded,
      workload: openclawTau2,
      outputDirectory,
      resume: flags.resume === undefined ? null : await resolveRun(flags.resume, { runs: outputDirectory }),
      redo: redoRule(flags),
      argv: host.argv,
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
      summarise: async (run, cellId) => {
        const summary = await readCellSummary(await readRun(run.path), cellId);
        await run.append({ v: 1, type: "cell", cellId, at: systemClock.wallIso(), summary });
      },
      report: async (path) => {
        await rebuildReport(path);
      },
    });
    const model = await rebuildReport(directory);
    host.print(renderReport(model, "table"));
    host.print(directory);
    const code = exitCodeOf(end, stop);
    host.setExitCode(code === exitCodes.ok && !usable(model) ? exitCodes.resultInvalid : code);
    if (end.reason === "failed")
      host.tell(`tollgate: ${end.message}\nGo on with: tollgate sweep ${file} --resume ${directory}`);
  } catch (error) {
    // Whatever went wrong, what was finished is in there, and scripts look for it on the last line.
    if (opened !== null) host.print(opened);
    throw error;
  } finally {
    release();
  }
}

/** `client-limited` is a warning: the agent side was the bottleneck, but rewards and counts stand. */
const usableVerdicts: ReadonlySet<string> = new Set(["valid", "client-limited"]);

function usable({ cells }: ReportModel): boolean {
  return cells.every(({ verdict }) => usableVerdicts.has(verdict));
}

/** SIGHUP does no harm: a run outlives the terminal that it was started from. */
function listen(stop: StopRequest, budget: string | undefined): () => void {
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

function redoRule(flags: SweepFlags): (records: readonly RunRecord[]) => ReadonlySet<string> {
  if (flags.redo === undefined) return () => new Set();
  if (flags.resume === undefined)
    throw new ConfigError("--redo goes with --resume RUN: it names cells of an earlier run");
  if (flags.redo === "interrupted") {
    return (records) =>
      new Set(
        segmentsOf(records).flatMap(({ ended, cellId }) => (ended?.reason === "complete" ? [] : [cellId])),
      );
  }
  return (records) =>
    new Set(
      records.flatMap((record) =>
        record.type === "cell" && !usableVerdicts.has(String(record.summary["verdict"]))
          ? [record.cellId]
          : [],
      ),
    );
}

function cacheDirectory({ environment, workingDirectory }: Host): string {
  const base =
    environment["XDG_CACHE_HOME"] ??
    (environment["HOME"] ? `${environment["HOME"]}/.cache` : workingDirectory);
  return `${base}/tollgate`;
}

/**
 * Starts the same command without `--detach` in a session of its own and waits until its run directory exists. Its
 * standard error goes to a file that ends up as `logs/driver.log` of the run.
 */
async function detach(file: string, flags: SweepFlags, host: Host): Promise<void> {
  const { experiment } = readExperiment(file, flags.set, host);
  const folder = resolve(host.workingDirectory, flags.out ?? experiment.output.directory);
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, `.detached-${process.pid}.log`);
  const log = openSync(logFile, "a");
  const args = host.argv.filter((argument) => argument !== "--detach");
  const child = spawn(process.execPath, [new URL("../main.ts", import.meta.url).pathname, ...args], {
    detached: true,
    stdio: ["ignore", "ignore", log, "ipc"],
    env: { ...host.environment },
  });
  const directory = await new Promise<string>((found, reject) => {
    child.once("message", (message: { readonly directory: string }) => found(message.directory));
    child.once("exit", (code) => {
      const said = readFileSync(logFile, "utf8").trim();
      rmSync(logFile);
      reject(new StartError("sweep", `The detached run ended with code ${code} before it began:\n${said}`));
    });
  });
  renameSync(logFile, join(directory, "logs", "driver.log"));
  child.disconnect();
  child.unref();
  host.tell(
    `detached, driver pid ${child.pid}; see \`tollgate status\`, \`tollgate attach\`, \`tollgate stop\``,
  );
  host.print(directory);
}
