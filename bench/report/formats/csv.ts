import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import type { CellLedger } from "../../analysis/ledger/cell-ledger.ts";
import type { Latency } from "../../analysis/estimates/latency.ts";
import type { ReportModel } from "../model/report-model.ts";

type Value = string | number | boolean | null;

/** `cells.csv`: a row per cell; units are in the names, empty means not known. */
export function renderCsv(report: ReportModel): string {
  const ledgers = new Map(report.ledgers.map((ledger) => [ledger.cellId, ledger]));
  const rows = report.cells.map((cell) => ({
    ...cellColumns(cell),
    ...ledgerColumns(ledgers.get(cell.cellId)),
  }));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => names.map((name) => csvText(row[name] ?? null)).join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

function cellColumns(cell: CellSummary): Record<string, Value> {
  return {
    cell: cell.cellId,
    arm: cell.arm,
    load: cell.load,
    concurrency: cell.concurrency,
    repetition: cell.repetition,
    simulated: cell.simulated,
    verdict: cell.verdict,
    reasons: cell.reasons.map(({ verdict, detail }) => `${verdict}: ${detail}`).join("; "),
    episodes_planned: cell.episodes.planned,
    episodes_finished: cell.episodes.finished,
    episodes_passed: cell.episodes.passed,
    episodes_judged: cell.episodes.judged,
    episodes_unjudged: cell.episodes.unjudged,
    episodes_failed: cell.episodes.byStatus["failed"] ?? 0,
    episodes_timed_out: cell.episodes.byStatus["timed-out"] ?? 0,
    ...estimateColumns("pass_rate", cell.passRate),
    ...estimateColumns("mean_reward", cell.meanReward),
    ...Object.fromEntries(cell.passHatK.map(({ k, value }) => [`pass_hat_${k}`, value])),
    seconds: cell.seconds,
    episodes_in_flight: cell.inFlight.episodes,
    requests_in_flight: cell.inFlight.requests,
    episodes_per_minute: cell.rates.episodesPerMinute.value,
    trajectories_per_hour: cell.rates.trajectoriesPerHour.value,
    requests_per_second: cell.rates.requestsPerSecond.value,
    input_tokens_per_second: cell.rates.inputTokensPerSecond.value,
    output_tokens_per_second: cell.rates.outputTokensPerSecond.value,
    requests: cell.outer.requests,
    requests_answered: cell.outer.answered,
    prompt_tokens: cell.outer.promptTokens,
    completion_tokens: cell.outer.completionTokens,
    cached_tokens: cell.outer.cachedTokens,
    token_check: cell.tokenCheck.status,
    ...latencyColumns("ttft_ms", cell.ttftMs),
    ...latencyColumns("itl_ms", cell.itlMs),
    ...latencyColumns("e2e_ms", cell.e2eMs),
    ...latencyColumns("episode_seconds", cell.episodeSeconds),
    engine: cell.agentEngine?.engine ?? null,
    engine_prompt_tokens: cell.agentEngine?.promptTokens ?? null,
    engine_completion_tokens: cell.agentEngine?.completionTokens ?? null,
    engine_queue_seconds_mean: cell.agentEngine?.queueSecondsMean ?? null,
    engine_ttft_seconds_mean: cell.agentEngine?.ttftSecondsMean ?? null,
    engine_e2e_seconds_mean: cell.agentEngine?.e2eSecondsMean ?? null,
    engine_cache_hit_rate: cell.agentEngine?.cacheHitRate ?? null,
    wasted_attempts: cell.waste.attempts,
    wasted_prompt_tokens: cell.waste.promptTokens,
    wasted_completion_tokens: cell.waste.completionTokens,
  };
}

/** Mean seconds per episode; they add up to `ledger_length_seconds`. */
function ledgerColumns(ledger: CellLedger | undefined): Record<string, Value> {
  if (ledger === undefined) return {};
  const name = (part: string) =>
    `ledger_${part.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_seconds`;
  return {
    [name("length")]: ledger.lengthSeconds.value,
    ...Object.fromEntries(
      Object.entries(ledger.parts).map(([part, { seconds }]) => [name(part), seconds.value]),
    ),
    [name("residue")]: ledger.residue.seconds.value,
  };
}

function latencyColumns(name: string, latency: Latency): Record<string, Value> {
  return {
    [`${name}_count`]: latency.count,
    [`${name}_mean`]: latency.mean.value,
    [`${name}_p50`]: latency.p50.value,
    [`${name}_p50_low`]: latency.p50.low,
    [`${name}_p50_high`]: latency.p50.high,
    [`${name}_p95`]: latency.p95.value,
    [`${name}_p95_low`]: latency.p95.low,
    [`${name}_p95_high`]: latency.p95.high,
    [`${name}_p99`]: latency.p99.value,
    [`${name}_max`]: latency.max,
  };
}

function estimateColumns(name: string, { value, low, high }: Estimate): Record<string, Value> {
  return { [name]: value, [`${name}_low`]: low, [`${name}_high`]: high };
}

function csvText(value: Value): string {
  if (value === null) return "";
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
