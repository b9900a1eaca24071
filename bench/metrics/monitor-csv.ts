import { ConfigError } from "../errors.ts";

/** One sample. `elapsed` is seconds since the monitor started; counters count from the engine's start. null: an empty cell. */
export interface MonitorRow {
  readonly timestamp: string;
  readonly elapsed: number;
  readonly prompt_tokens: number | null;
  readonly generation_tokens: number | null;
  readonly num_requests: number | null;
  readonly running_reqs: number | null;
  readonly queue_reqs: number | null;
  readonly input_tok_per_sec: number | null;
  readonly output_tok_per_sec: number | null;
  readonly cached_tokens: number | null;
  /** Cached share of the prompt tokens since the last reading, 0..1. */
  readonly cache_hit_rate: number | null;
  /** Share of the memory for keys and values that is in use, 0..1. */
  readonly kv_usage: number | null;
}

/** Column names and order are fixed: scripts read these files. New ones stand at the end. */
const columns = [
  "timestamp",
  "elapsed",
  "prompt_tokens",
  "generation_tokens",
  "num_requests",
  "running_reqs",
  "queue_reqs",
  "input_tok_per_sec",
  "output_tok_per_sec",
  "cached_tokens",
  "cache_hit_rate",
  "kv_usage",
] as const satisfies readonly (keyof MonitorRow)[];

/** Absent in files of an older Tollgate. */
const newer: ReadonlySet<string> = new Set(["cached_tokens", "cache_hit_rate", "kv_usage"]);

export const monitorHeader = `${columns.join(",")}\n`;

/** One line of the file. Seconds and rates are rounded to thousandths, shares to millionths. */
export function monitorLine(row: MonitorRow): string {
  return `${columns.map((column) => cell(row[column], shares.has(column) ? 1e6 : 1e3)).join(",")}\n`;
}

/**
 * Reads a monitor's CSV. Throws ConfigError with the line on a missing column or a cell that is no number; a last line
 * without line feed was cut and is left out.
 */
export function parseMonitorCsv(text: string): readonly MonitorRow[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const header = (lines[0] ?? "").split(",");
  const absent = columns.filter((column) => !header.includes(column) && !newer.has(column));
  if (absent.length > 0) throw new ConfigError(`not a monitor CSV: its header lacks ${absent.join(", ")}`);
  return lines
    .slice(1, -1)
    .map((line, index) => ({ line, number: index + 2 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => parseRow(header, line.split(","), number));
}

function parseRow(header: readonly string[], cells: readonly string[], line: number): MonitorRow {
  const text = (column: string) => cells[header.indexOf(column)] ?? "";
  const number = (column: keyof MonitorRow): number | null => {
    const value = text(column).trim();
    if (value === "") return null;
    const parsed = Number(value);
    if (!Number.isFinite(parsed)) {
      throw new ConfigError(`monitor CSV, line ${line}: ${column} is ${JSON.stringify(value)}, not a number`);
    }
    return parsed;
  };
  const elapsed = number("elapsed");
  if (elapsed === null) throw new ConfigError(`monitor CSV, line ${line}: elapsed is empty`);
  return {
    timestamp: text("timestamp"),
    elapsed,
    prompt_tokens: number("prompt_tokens"),
    generation_tokens: number("generation_tokens"),
    num_requests: number("num_requests"),
    running_reqs: number("running_reqs"),
    queue_reqs: number("queue_reqs"),
    input_tok_per_sec: number("input_tok_per_sec"),
    output_tok_per_sec: number("output_tok_per_sec"),
    cached_tokens: number("cached_tokens"),
    cache_hit_rate: number("cache_hit_rate"),
    kv_usage: number("kv_usage"),
  };
}

const shares: ReadonlySet<string> = new Set(["cache_hit_rate", "kv_usage"]);

function cell(value: string | number | null, parts: number): string {
  if (value === null) return "";
  return typeof value === "string" ? value : String(Math.round(value * parts) / parts);
}
