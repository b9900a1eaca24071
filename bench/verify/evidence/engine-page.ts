import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../store/read-run.ts";

/** What an engine counted between two of its pages; null: its page does not have it, or it cannot be used. */
export interface EngineCounts {
  readonly engine: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  readonly requests: number | null;
  /** Observations and their sum in seconds. */
  readonly queue: ObservedTimes;
  readonly ttft: ObservedTimes;
  readonly itl: ObservedTimes;
  readonly e2e: ObservedTimes;
}

export interface ObservedTimes {
  readonly count: number | null;
  readonly seconds: number | null;
}

interface Names {
  readonly engine: string;
  readonly prompt: readonly string[];
  readonly cached: readonly string[];
  readonly completion: readonly string[];
  readonly requests: readonly string[];
  readonly queue: readonly string[];
  readonly ttft: readonly string[];
  readonly itl: readonly string[];
  readonly e2e: readonly string[];
  /** Its counter of prompt tokens leaves out those from the cache. */
  readonly promptWithoutCached?: boolean;
}

const engines: readonly Names[] = [
  {
    engine: "sglang",
    prompt: ["sglang:prompt_tokens_total"],
    cached: ["sglang:cached_tokens_total"],
    completion: ["sglang:generation_tokens_total"],
    requests: ["sglang:num_requests_total"],
    queue: ["sglang:queue_time_seconds"],
    ttft: ["sglang:time_to_first_token_seconds"],
    itl: ["sglang:inter_token_latency_seconds", "sglang:time_per_output_token_seconds"],
    e2e: ["sglang:e2e_request_latency_seconds"],
  },
  {
    engine: "vllm",
    prompt: ["vllm:prompt_tokens_total", "vllm:prompt_tokens"],
    cached: ["vllm:prompt_tokens_cached_total", "vllm:prefix_cache_hits_total", "vllm:prefix_cache_hits"],
    completion: ["vllm:generation_tokens_total", "vllm:generation_tokens"],
    requests: ["vllm:request_success_total", "vllm:request_success"],
    queue: ["vllm:request_queue_time_seconds"],
    ttft: ["vllm:time_to_first_token_seconds"],
    itl: ["vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"],
    e2e: ["vllm:e2e_request_latency_seconds"],
  },
  {
    engine: "llama.cpp",
    prompt: ["llamacpp:prompt_tokens_total"],
    cached: ["llamacpp:prompt_tokens_cached_total"],
    completion: ["llamacpp:tokens_predicted_total"],
    requests: [],
    queue: [],
    ttft: [],
    itl: [],
    e2e: [],
    promptWithoutCached: true,
  },
];

/** A series of a page: its name, its labels as they stand, its value. */
interface Series {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** null where a page is missing, is of no engine that is known here, or its counters went back. */
export async function readEngineCounts(folder: string, role: "agent" | "user"): Promise<EngineCounts | null> {
  const [before, after] = [join(folder, `${role}-before.prom`), join(folder, `${role}-after.prom`)];
  if (!(await exists(before)) || !(await exists(after))) return null;
  const [first, last] = [await readFile(before, "utf8"), await readFile(after, "utf8")].map(seriesOf);
  return first === undefined || last === undefined ? null : countsBetween(first, last);
}

const line = /^([A-Za-z_:][\w:]*)(\{.*\})?\s+([^\s]+)(?:\s+-?\d+)?(?:\s+#.*)?$/;

function seriesOf(page: string): readonly Series[] {
  return page.split("\n").flatMap((text) => {
    const [, name, labels = "", value] = line.exec(text.trim()) ?? [];
    if (text.startsWith("#") || name === undefined || value === undefined) return [];
    return [{ name: name.replace(/^(sglang|vllm|llamacpp)_/, "$1:"), labels, value: Number(value) }];
  });
}

function countsBetween(before: readonly Series[], after: readonly Series[]): EngineCounts | null {
  const names = engines.find(({ prompt }) => after.some(({ name }) => prompt.includes(name)));
  if (names === undefined) return null;
  const grown = (of: readonly string[], end = "") =>
    increase(
      before,
      after,
      of.map((name) => `${name}${end}`),
    );
  const observed = (of: readonly string[]) => {
    const label = ttftScope(after, of);
    const narrowed = (page: readonly Series[]) =>
      label === null ? page : page.filter(({ labels }) => labels.includes(label));
    const part = (end: string) =>
      increase(
        narrowed(before),
        narrowed(after),
        of.map((name) => `${name}${end}`),
      );
    return { count: part("_count"), seconds: part("_sum") };
  };
  const e2e = observed(names.e2e);
  const [prompt, cached] = [grown(names.prompt), grown(names.cached)];
  return {
    engine: names.engine,
    promptTokens: names.promptWithoutCached
      ? prompt === null || cached === null
        ? null
        : prompt + cached
      : prompt,
    completionTokens: grown(names.completion),
    cachedTokens: cached,
    requests: grown(names.requests) ?? e2e.count,
    queue: observed(names.queue),
    ttft: observed(names.ttft),
    itl: observed(names.itl),
    e2e,
  };
}

/** An engine that tells streamed requests apart is asked for those, where there were any. */
function ttftScope(after: readonly Series[], of: readonly string[]): string | null {
  const own = after.filter(({ name }) => of.some((one) => name === `${one}_count`));
  const streamed = 'is_streaming="true"';
  return own.length > 0 &&
    own.every(({ labels }) => labels.includes("is_streaming=")) &&
    own.some(({ labels, value }) => labels.includes(streamed) && value > 0)
    ? streamed
    : null;
}

/** Copies of one count that ranks print; only rank 0 counts. */
const otherRank = /\b(?:tp|pp)_rank="(?!0")/;

function increase(
  before: readonly Series[],
  after: readonly Series[],
  names: readonly string[],
): number | null {
  const name = names.find((candidate) => after.some((series) => series.name === candidate));
  const own = after.filter((series) => series.name === name && !otherRank.test(series.labels));
  const sums = own.filter(({ labels }) => labels.includes('cache_source="total"'));
  const counted = sums.length > 0 ? sums : own;
  if (counted.length === 0) return null;
  let sum = 0;
  for (const { labels, value } of counted) {
    const from = before.find((series) => series.name === name && series.labels === labels)?.value ?? 0;
    if (!(value >= from)) return null;
    sum += value - from;
  }
  return sum;
}
