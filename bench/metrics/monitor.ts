import { open } from "node:fs/promises";
import { ConfigError, messageOf } from "../errors.ts";
import { type Clock, secondsBetween } from "../measure/clock.ts";
import type { EngineState } from "./engine-state.ts";
import { type MonitorRow, monitorHeader, monitorLine } from "./monitor-csv.ts";
import { type EngineReading, EngineReader, restedFor } from "./read-engine.ts";
import { ScrapeError } from "./snapshot.ts";

export interface MonitorOptions {
  readonly clock: Clock;
  readonly intervalS: number;
  /** null: until the signal. */
  readonly durationS: number | null;
  /** The CSV file; replaced when it exists. */
  readonly out: string;
  readonly scrapeTimeoutMs: number;
  /** Ends the monitor; the rows so far stay. */
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** Environment variable that the key in `headers` came from. */
  readonly keyName?: string;
  readonly warn: (line: string) => void;
}

export interface MonitorResult {
  readonly rows: number;
  /** Rows whose cells are empty because the scrape failed. */
  readonly failedScrapes: number;
  readonly stopped: "duration" | "signal";
}

/**
 * Samples an engine's metrics at a fixed rate into a CSV. Each row is written at once, so that an end at any moment
 * leaves all rows so far.
 * A failed scrape is a row with empty cells; a cell whose number is not known is empty. Samples are due at start +
 * k x interval; those missed by a slow scrape are left out, never caught up.
 */
export async function monitor(url: string, options: MonitorOptions): Promise<MonitorResult> {
  const { clock, signal } = options;
  const file = await open(options.out, "w").catch((error: unknown) => {
    throw new ConfigError(`cannot write ${options.out}: ${messageOf(error)}`, { cause: error });
  });
  try {
    await file.write(monitorHeader);
    const startNs = clock.nowNs();
    const elapsedS = () => secondsBetween(startNs, clock.nowNs());
    let rows = 0;
    let failedScrapes = 0;
    let last: EngineReading | null = null;
    let toldRounding = false;
    const reader = new EngineReader(url);
    for (
      let due = 0;
      !isOver(due, options);
      due = nextDue(due, { intervalS: options.intervalS, nowS: elapsedS() })
    ) {
      if (!(await restedFor(due - elapsedS(), signal))) break;
      const reading = await read(reader, options);
      if (reading === "stopped") break;
      if (reading !== null && !toldRounding) toldRounding = tellRounding(reading.state, options);
      await file.write(monitorLine(rowOf({ at: clock.wallIso(), elapsedS: elapsedS(), reading, last })));
      rows++;
      if (reading === null) failedScrapes++;
      last = reading ?? last;
    }
    return { rows, failedScrapes, stopped: signal.aborted ? "signal" : "duration" };
  } finally {
    await file.close();
  }
}

/** null for a failed scrape: a warning is given and the row has empty cells. */
async function read(
  reader: EngineReader,
  options: MonitorOptions,
): Promise<EngineReading | null | "stopped"> {
  try {
    return await reader.read({ ...options, timeoutMs: options.scrapeTimeoutMs });
  } catch (error) {
    if (!(error instanceof ScrapeError)) throw error;
    if (error.reason === "aborted") return "stopped";
    options.warn(error.message);
    return null;
  }
}

/** Once: from then on every rate is that far from the true one. */
function tellRounding(
  { plusMinus: { promptTokens, generationTokens } }: EngineState,
  { intervalS, warn }: MonitorOptions,
): boolean {
  const most = Math.max(promptTokens, generationTokens);
  if (most === 0) return false;
  warn(
    `the page prints its token counters with few digits: each is within ±${most}, each rate within ±${(2 * most) / intervalS} tokens/s`,
  );
  return true;
}

function rowOf(sample: {
  readonly at: string;
  readonly elapsedS: number;
  readonly reading: EngineReading | null;
  readonly last: EngineReading | null;
}): MonitorRow {
  const { reading, last } = sample;
  const state = reading?.state;
  return {
    timestamp: sample.at,
    elapsed: sample.elapsedS,
    prompt_tokens: state?.promptTokens ?? null,
    generation_tokens: state?.generationTokens ?? null,
    num_requests: state?.requests ?? null,
    running_reqs: state?.running ?? null,
    queue_reqs: state?.queued ?? null,
    input_tok_per_sec: rate(last, reading, "promptTokens"),
    output_tok_per_sec: rate(last, reading, "generationTokens"),
    cached_tokens: state?.cachedTokens ?? null,
    cache_hit_rate: hitRate(last, reading),
    kv_usage: state?.kvUsage ?? null,
  };
}

/**
 * Since the last sample that could be read; null before there is one, after a counter went down, and where the counter
 * moved by no more than its page rounds: such a rate is any number.
 */
function rate(
  last: EngineReading | null,
  now: EngineReading | null,
  field: "promptTokens" | "generationTokens",
): number | null {
  const growth = growthOf(last, now, field);
  if (last === null || now === null || growth === null) return null;
  const seconds = secondsBetween(last.atNs, now.atNs);
  return seconds > 0 ? growth / seconds : null;
}

/** null where no prompt was counted in between. */
function hitRate(last: EngineReading | null, now: EngineReading | null): number | null {
  const prompt = growthOf(last, now, "promptTokens");
  const cached = growthOf(last, now, "cachedTokens");
  return prompt === null || cached === null || prompt === 0 || cached > prompt ? null : cached / prompt;
}

function growthOf(
  last: EngineReading | null,
  now: EngineReading | null,
  field: keyof EngineState["plusMinus"],
): number | null {
  const [from, to] = [last?.state[field] ?? null, now?.state[field] ?? null];
  if (last === null || now === null || from === null || to === null || to < from) return null;
  const unsure = last.state.plusMinus[field] + now.state.plusMinus[field];
  return unsure > 0 && to - from <= unsure ? null : to - from;
}

function isOver(dueS: number, { durationS, signal }: MonitorOptions): boolean {
  return signal.aborted || (durationS !== null && dueS > durationS);
}

function nextDue(
  dueS: number,
  { intervalS, nowS }: { readonly intervalS: number; readonly nowS: number },
): number {
  return Math.max(dueS + intervalS, Math.ceil(nowS / intervalS) * intervalS);
}
