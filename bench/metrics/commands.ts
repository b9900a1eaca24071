import { readFile, writeFile } from "node:fs/promises";
import { ConfigError, messageOf, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Clock } from "../measure/clock.ts";
import { analyzeMonitor } from "./analyze.ts";
import { diff } from "./delta.ts";
import { deriveEngineDelta } from "./engine-delta.ts";
import { ExpositionError } from "./exposition.ts";
import { monitor } from "./monitor.ts";
import { parseMonitorCsv } from "./monitor-csv.ts";
import { readSnapshot, scrape, ScrapeError, type Snapshot, snapshotJson } from "./snapshot.ts";

/** Result of a command. `stdout` ends without a line feed. */
export interface MetricsOutcome {
  readonly stdout: string;
  readonly exitCode: number;
}

/** What the commands need from the process they run in. Paths in their arguments are absolute or relative to it. */
export interface MetricsHost {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** One line for the person who watches. */
  readonly warn: (line: string) => void;
  /** Sent with every scrape, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Environment variable that the key in `headers` came from. */
  readonly keyName?: string;
}

/**
 * `tollgate metrics snapshot URL [-o F]`: one scrape. Without a file, or with a name that does not end in `.prom` or
 * `.txt`, it is our snapshot JSON; otherwise the verbatim page. Throws StartError when there is no page to read.
 */
export async function snapshotCommand(
  options: { readonly url: string; readonly out?: string; readonly timeoutMs?: number },
  host: MetricsHost,
): Promise<MetricsOutcome> {
  const { clock, signal, headers, keyName } = host;
  const url = validUrl(options.url);
  const timeoutMs = options.timeoutMs ?? 10_000;
  try {
    const snapshot = await scrape(url, {
      clock,
      signal,
      timeoutMs,
      ...(headers && { headers }),
      keyName,
    });
    for (const warning of snapshot.exposition.warnings) host.warn(warning);
    const verbatim = options.out !== undefined && /\.(prom|txt)$/.test(options.out);
    return await deliver(verbatim ? snapshot.text : snapshotJson(snapshot), options.out);
  } catch (error) {
    if (!(error instanceof ScrapeError)) throw error;
    throw new StartError("metrics", error.message, { cause: error });
  }
}

/**
 * `tollgate metrics diff PRE POST --wall-clock S [-o F]`: the derived fields as JSON. PRE and POST are exposition text
 * or our snapshot JSON. Two snapshots state the time between them; for pages it must be given. Exit code 1 when the engine restarted in between
 * or no known engine's metrics are on the pages.
 */
export async function diffCommand(options: {
  readonly pre: string;
  readonly post: string;
  readonly wallClockS?: number;
  readonly out?: string;
}): Promise<MetricsOutcome> {
  const delta = diff(await readStored(options.pre), await readStored(options.post), {
    seconds: options.wallClockS ?? null,
  });
  const seconds = options.wallClockS ?? delta.seconds;
  if (seconds === null) {
    throw new ConfigError(
      "metrics diff needs --wall-clock SECONDS: plain pages do not say when they were taken",
    );
  }
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new ConfigError(
      `metrics diff: the wall clock must be a positive number of seconds, got ${seconds}`,
    );
  }
  const derived = deriveEngineDelta(delta, seconds);
  const outcome = await deliver(`${JSON.stringify(derived, null, 2)}\n`, options.out);
  const valid = derived.engine !== null && !derived.reset;
  return { ...outcome, exitCode: valid ? exitCodes.ok : exitCodes.resultInvalid };
}

/**
 * `tollgate metrics monitor URL -i S -o CSV [--duration S]`: see {@link monitor}. Exit code 1 when no scrape at all
 * could be read; 130 when a signal ended it before the duration that was asked for.
 */
export async function monitorCommand(
  options: {
    readonly url: string;
    readonly intervalS: number;
    readonly out: string;
    readonly durationS?: number;
  },
  host: MetricsHost,
): Promise<MetricsOutcome> {
  const { intervalS, durationS, out } = options;
  requirePositive("--interval", intervalS);
  if (durationS !== undefined) requirePositive("--duration", durationS);
  const result = await monitor(validUrl(options.url), {
    ...host,
    intervalS,
    durationS: durationS ?? null,
    out,
    scrapeTimeoutMs: Math.max(1000, intervalS * 1000),
  });
  const failed = result.failedScrapes > 0 ? `, ${result.failedScrapes} without a reading` : "";
  const stdout = `${out}: ${result.rows} rows${failed}`;
  if (result.rows > 0 && result.failedScrapes === result.rows) {
    return { stdout, exitCode: exitCodes.resultInvalid };
  }
  const early = result.stopped === "signal" && durationS !== undefined;
  return { stdout, exitCode: early ? exitCodes.sigint : exitCodes.ok };
}

/** `tollgate metrics analyze CSV [-o F]`: summary of a monitor's CSV as JSON. */
export async function analyzeCommand(options: {
  readonly csv: string;
  readonly out?: string;
}): Promise<MetricsOutcome> {
  const analysis = analyzeMonitor(parseMonitorCsv(await readText(options.csv)));
  return deliver(`${JSON.stringify(analysis, null, 2)}\n`, options.out);
}

/** Text to the file and its name to stdout, or the text to stdout. */
async function deliver(text: string, out: string | undefined): Promise<MetricsOutcome> {
  if (out === undefined) return { stdout: text.replace(/\n$/, ""), exitCode: exitCodes.ok };
  try {
    await writeFile(out, text);
  } catch (error) {
    throw new ConfigError(`cannot write ${out}: ${messageOf(error)}`, { cause: error });
  }
  return { stdout: out, exitCode: exitCodes.ok };
}

async function readStored(path: string): Promise<Snapshot> {
  const text = await readText(path);
  try {
    return readSnapshot(text);
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error;
    throw new ConfigError(`${path} is neither a metrics page nor a snapshot: ${error.message}`, {
      cause: error,
    });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function requirePositive(flag: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new ConfigError(`metrics monitor: ${flag} must be a positive number of seconds, got ${value}`);
}

function validUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return text;
  throw new ConfigError(`${JSON.stringify(text)} is not an http address; example: http://127.0.0.1:30000`);
}
