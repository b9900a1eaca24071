import { ConfigError, messageOf } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { RunEnd } from "../run/run-life.ts";
import { exitCodeOf, type RunOutcome } from "../run/run-outcome.ts";
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
  /** What is printed of a run that ended, before its directory; absent: nothing. */
  readonly show?: ((report: Report, directory: string) => Promise<string> | string) | undefined;
  /** Whether the verdicts are good enough for exit code 0. */
  readonly usable: (report: Report) => boolean;
  /** What a person should know of the run after all of that and finds in nothing that was shown, e.g. the command that goes on with it. */
  readonly advice: (directory: string) => Promise<readonly string[]>;
  /** For CI systems, when the exit code is known. */
  readonly leave?: ((end: CommandEnd<Report>) => Promise<void>) | undefined;
}

/** How a command ended. */
export interface CommandEnd<Report> {
  /** null where there is none: nothing was measured. */
  readonly reported: { readonly report: Report; readonly directory: string } | null;
  /** What ended the run or the command before its time; null when nothing did. */
  readonly error: string | null;
}

/**
 * Runs something with the signals and the budget of a command, and sets the exit code. The last line on standard output is
 * the run directory, also when the run fails: what was finished is in there, and scripts look for it.
 */
export async function runToItsEnd<Report>(host: Host, run: ShownRun<Report>): Promise<void> {
  const stop = new StopRequest((text) => tellAbove(host, text));
  const release = listen(stop, run.budget);
  let opened: string | null = null;
  let left = false;
  try {
    const { directory, outcome, report } = await run.execute({
      stop,
      opened: (path) => {
        opened = path;
        host.tell(`run directory: ${path}`);
        host.announce({ directory: path });
      },
    });
    if (run.show !== undefined) host.print(await run.show(report, directory));
    const code = exitCodeOf(outcome, stop.cause);
    const whole = code === exitCodes.ok && !run.usable(report) ? exitCodes.resultInvalid : code;
    host.setExitCode(whole);
    if (outcome.reason === "failed") host.tell(`tollgate: ${outcome.message}`);
    for (const line of await run.advice(directory)) host.tell(line);
    if (whole !== exitCodes.ok) host.tell(`exit code ${whole}: ${codeText(whole, outcome)}`);
    const error = outcome.reason === "failed" ? outcome.message : null;
    left = true;
    await run.leave?.({ reported: { report, directory }, error });
  } catch (error) {
    // What went wrong first is what is thrown.
    if (!left)
      await run
        .leave?.({ reported: null, error: messageOf(error) })
        .catch((also: unknown) => host.tell(messageOf(also)));
    throw error;
  } finally {
    release();
    if (opened !== null) host.print(opened);
  }
}

/** A number alone tells nobody what to do. */
function codeText(code: number, { reason }: RunOutcome): string {
  if (code === exitCodes.resultInvalid)
    return reason === "failed"
      ? "a part of the run ended"
      : "everything was done, and not all of it can be used";
  if (code === exitCodes.startFailed) return "a part did not start, or a check failed; nothing was measured";
  return code === exitCodes.stoppedResumable
    ? "stopped, can be gone on with"
    : "ended by a signal, after the drain";
}

/** Where a line of progress stands, it is cleared first; what the terminal echoes of Ctrl-C goes with it. */
function tellAbove(host: Host, text: string): void {
  if (host.interactive) host.write(`\r\u001b[K${text}\n`);
  else host.tell(text);
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
