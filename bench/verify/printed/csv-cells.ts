import { get, type JsonValue } from "../evidence/json-value.ts";
import type { Expected } from "../figures/figure.ts";

/** Where the report has what a column of `cells.csv` shows: steps below the cell's summary. */
const columns: Readonly<Record<string, string>> = {
  cell: "cellId",
  arm: "arm",
  load: "load",
  variant: "variant",
  concurrency: "concurrency",
  repetition: "repetition",
  simulated: "simulated",
  verdict: "verdict",
  episodes_planned: "episodes.planned",
  episodes_finished: "episodes.finished",
  episodes_passed: "episodes.passed",
  episodes_judged: "episodes.judged",
  episodes_unjudged: "episodes.unjudged",
  first_failure: "episodes.failures.0.message",
  first_failure_episode: "episodes.failures.0.episodeId",
  coverage: "coverage.text",
  coverage_scored: "coverage.scored",
  coverage_total: "coverage.total",
  pass_rate: "passRate.value",
  pass_rate_low: "passRate.low",
  pass_rate_high: "passRate.high",
  mean_reward: "meanReward.value",
  mean_reward_low: "meanReward.low",
  mean_reward_high: "meanReward.high",
  seconds: "seconds",
  episodes_in_flight: "inFlight.episodes",
  requests_in_flight: "inFlight.requests",
  episodes_per_minute: "rates.episodesPerMinute.value",
  trajectories_per_hour: "rates.trajectoriesPerHour.value",
  requests_per_second: "rates.requestsPerSecond.value",
  input_tokens_per_second: "rates.inputTokensPerSecond.value",
  output_tokens_per_second: "rates.outputTokensPerSecond.value",
  requests: "outer.requests",
  requests_answered: "outer.answered",
  tokens_per_chunk: "outer.tokensPerChunk",
  prompt_tokens: "outer.promptTokens",
  completion_tokens: "outer.completionTokens",
  cached_tokens: "outer.cachedTokens",
  token_check: "tokenCheck.status",
  engine: "agentEngine.engine",
  engine_prompt_tokens: "agentEngine.promptTokens",
  engine_completion_tokens: "agentEngine.completionTokens",
  engine_queue_seconds_mean: "agentEngine.queueSecondsMean",
  engine_ttft_seconds_mean: "agentEngine.ttftSecondsMean",
  engine_e2e_seconds_mean: "agentEngine.e2eSecondsMean",
  engine_cache_hit_rate: "agentEngine.cacheHitRate",
  wasted_attempts: "waste.attempts",
  wasted_prompt_tokens: "waste.promptTokens",
  wasted_completion_tokens: "waste.completionTokens",
};

const spreads: Readonly<Record<string, string>> = {
  ttft_ms: "ttftMs",
  itl_ms: "itlMs",
  e2e_ms: "e2eMs",
  episode_seconds: "episodeSeconds",
};
const ends: Readonly<Record<string, string>> = {
  count: "count",
  mean: "mean.value",
  p50: "p50.value",
  p50_low: "p50.low",
  p50_high: "p50.high",
  p95: "p95.value",
  p95_low: "p95.low",
  p95_high: "p95.high",
  p99: "p99.value",
  max: "max",
};

/** What each row of `cells.csv` should say, by the figures of report.json. */
export function csvFigures(report: JsonValue, heads: readonly string[]): Expected {
  return listOf(get(report, "cells")).map((cell) => {
    const id = get(cell, "cellId");
    const of = (list: JsonValue) => listOf(list).find((one) => get(one, "cellId") === id) ?? null;
    const parts = {
      cell,
      ledger: of(get(report, "ledgers")),
      scores: of(get(get(report, "scores"), "cells")),
    };
    return Object.fromEntries(heads.map((head) => [head, columnOf(head, parts)]));
  });
}

interface RowParts {
  readonly cell: JsonValue;
  readonly ledger: JsonValue;
  readonly scores: JsonValue;
}

/** undefined: nothing here knows the column. */
function columnOf(head: string, { cell, ledger, scores }: RowParts): Expected | undefined {
  const path = columns[head];
  if (path !== undefined) return shownField(at(cell, path));
  if (head === "episodes_failed")
    return shownField(get(get(get(cell, "episodes"), "byStatus"), "failed") ?? 0);
  if (head === "episodes_timed_out") return shownField(at(cell, "episodes.byStatus.timed-out") ?? 0);
  const [, spread = "", end = ""] = /^(ttft_ms|itl_ms|e2e_ms|episode_seconds)_(.+)$/.exec(head) ?? [];
  const [name, step] = [spreads[spread], ends[end]];
  if (name !== undefined && step !== undefined) return shownField(at(cell, `${name}.${step}`));
  const passHat = /^pass_hat_(\d+)$/.exec(head)?.[1];
  if (passHat !== undefined) return shownField(named(get(cell, "passHatK"), "k", Number(passHat), "value"));
  const [, metric = "", side] = /^beside_(ttft|itl|e2e)_(engine|tap)_ms$/.exec(head) ?? [];
  if (side !== undefined)
    return shownField(named(get(cell, "engineLatencies"), "metric", metric, `${side}.ms`));
  const joined = (path: string, field: string, between: string) =>
    listOf(at(cell, path)).map((one) =>
      [field === "detail" ? "verdict" : "count", field].map((name) => wordOf(get(one, name))).join(between),
    );
  if (head === "reasons") return joined("reasons", "detail", ": ").join("; ");
  if (head === "failures") return joined("episodes.failures", "class", " ").join(", ");
  const part = /^ledger_(.+)_seconds$/.exec(head)?.[1];
  if (part === "length") return shownField(at(ledger, "lengthSeconds.value"));
  if (part === "residue") return shownField(at(ledger, "residue.seconds.value"));
  if (part !== undefined) return shownField(at(ledger, `parts.${camel(part)}.seconds.value`));
  return scoreColumn(head, listOf(get(scores, "rows"))[0] ?? null);
}

function scoreColumn(head: string, row: JsonValue): Expected | undefined {
  if (head === "tokens_per_passed") return shownField(get(row, "tokensPerPassed"));
  if (head === "seconds_per_passed") return shownField(get(row, "secondsPerPassed"));
  const [, name, end] = /^score_(.+?)(?:_(low|high))?$/.exec(head) ?? [];
  if (name === undefined) return undefined;
  return shownField(get(get(get(row, "scores"), name), end ?? "value"));
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

// oxlint-disable-next-line max-params -- an entry of a list, by one of its fields, and what of it is shown
function named(list: JsonValue, field: string, value: string | number, path: string): JsonValue {
  return at(listOf(list).find((one) => get(one, field) === value) ?? null, path);
}

function at(value: JsonValue, path: string): JsonValue {
  return path
    .split(".")
    .reduce(
      (one, step) => (Array.isArray(one) ? ((one as JsonValue[])[Number(step)] ?? null) : get(one, step)),
      value,
    );
}

/** As a CSV field has it: nothing for null. */
function shownField(value: JsonValue): Expected {
  return value === null
    ? ""
    : typeof value === "number"
      ? value
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
}

function wordOf(value: JsonValue): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function listOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** The rows of a CSV file by their heads; numbers as numbers. */
export function csvRows(text: string): { readonly heads: readonly string[]; readonly rows: JsonValue } {
  const [heads = [], ...lines] = csvLines(text);
  const rows = lines.map((fields) =>
    Object.fromEntries(heads.map((head, index) => [head, fieldValue(fields[index] ?? "")])),
  );
  return { heads, rows };
}

function fieldValue(field: string): JsonValue {
  return /^-?\d[\d.]*(?:e[+-]?\d+)?$/.test(field) ? Number(field) : field;
}

function csvLines(text: string): readonly (readonly string[])[] {
  const lines: string[][] = [];
  let fields: string[] = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n\r]*))(,|\r?\n|$)/g)) {
    fields.push(quoted?.replaceAll('""', '"') ?? bare ?? "");
    if (end === ",") continue;
    if (fields.length > 1 || fields[0] !== "") lines.push(fields);
    fields = [];
  }
  return lines;
}
