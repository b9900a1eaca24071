import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { RunEnd } from "../run/run-life.ts";
import { exitCodeOf } from "../run/run-outcome.ts";
import { StopRequest } from "../run/stop-request.ts";
import type { Host } from "./host.ts";
import { Timer } from "../measure/deadline.ts";

/** A sweep, a collection or a replay, as its command shows it. */
export interface ShownRun<Report> {
  /** As `--budget` has it. */
  readonly budget: string | undefined;
  readonly execute: (given: {
    readonly stop: StopRequest;
    /** To be called with the run directory as soon as it exists. */
    readonly opened: (directory: string) => void;
  }) => Promise<RunEnd<Report>>;
  /** What is printed of a run that ended, before its directory. */
  readonly show: (report: Report, directory: string) => Promise<string> | string;
  /** Whether the verdicts are good enough for exit code 0. */
  readonly usable: (report: Report) => boolean;
  /** What a person should know of the run after all of that, e.g. the command that goes on with it. */
  readonly advice: (directory: string) => Promise<readonly string[]>;
}

/**
 * Runs something with the signals and the budget of a command, and sets the exit code. The last line on standard output is
 * the run directory, also when the run fails: what was finished is in there, and scripts look for it.
 */
export async function runToItsEnd<Report>(host: Host, run: ShownRun<Report>): Promise<void> {
  const stop = new StopRequest(host.tell);
  const release = listen(stop, run.budget);
  let opened: string | null = null;
  try {
    const { directory, outcome, report } = await run.execute({
      stop,
      opened: (path) => {
        opened = path;
        host.tell(`run directory: ${path}`);
        host.announce({ directory: path });
      },
    });
    host.print(await run.show(report, directory));
    const code = exitCodeOf(outcome, stop.cause);
    host.setExitCode(code === exitCodes.ok && !run.usable(report) ? exitCodes.resultInvalid : code);
    if (outcome.reason === "failed") host.tell(`tollgate: ${outcome.message}`);
    for (const line of await run.advice(directory)) host.tell(line);
  } finally {
    release();
    if (opened !== null) host.print(opened);
  }
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
  const timer = budget === undefined ? null : new Timer(durationMs(budget), () => stop.request("budget"));
  return () => {
    timer?.[Symbol.dispose]();
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
