import { createHash } from "node:crypto";
import type { StoredAttempt } from "../../attempts/attempt-line.ts";
import type { RecordedAttempt } from "../../attempts/read-attempts.ts";
import { latencyPercentile, meanInterval, taskReliability } from "../../scoring/clawbench/reliability.ts";
import type { ServingCost, TrialCell, TriedRun } from "../../attempts/trial.ts";

/** A cell's attempts at tasks of ClawBench. */
export interface TriedCell {
  readonly cell: TrialCell;
  readonly attempts: readonly RecordedAttempt[];
  readonly serving: ServingCost;
}

type TaskStats = ReturnType<typeof taskStats>;
export type Benchmark = ReturnType<typeof benchmarkOf>;

/**
 * A cell in the shape of ClawBench's `BenchmarkResult`, made of the runs that somebody could score. What is not known is not in it.
 * Pure.
 */
export function benchmarkOf(run: TriedRun, { cell, attempts, serving }: TriedCell) {
  const scored = attempts.flatMap(({ record, attempt }) => {
    const value = record.status === "failed" ? null : (attempt?.score?.value ?? null);
    return attempt === null || value === null ? [] : [{ record, attempt, value }];
  });
  const byTask = [...Map.groupBy(attempts, ({ record }) => record.taskId).keys()];
  const groups = Map.groupBy(scored, ({ record }) => record.taskId);
  const stats = [...groups.values()].map(taskStats);
  const scores = stats.map(({ mean_task_score: score }) => score);
  const interval = meanInterval(scores) ?? { lower: 0, upper: 0 };
  return {
    submission_id: idOf(run, cell),
    model: run.model,
    provider: run.model.includes("/") ? (run.model.split("/")[0] ?? "") : "",
    timestamp: run.createdAt,
    ...(run.agent.name === "openclaw" && { openclaw_version: run.agent.version }),
    environment: {
      task_count: byTask.length,
      tollgate: {
        run: run.runId,
        cell: cell.cellId,
        arm: cell.arm,
        load: cell.load,
        agent: `${run.agent.name} ${run.agent.version}`,
        simulated: run.simulated,
        scoring_profile: profileOf(attempts),
        unscored_runs: attempts.length - scored.length,
        // The shape has no word for them but "not passed", which is what reliability is made of.
        undecided_runs: scored.filter(({ attempt }) => attempt.score?.passed === null).length,
        unscored_tasks: byTask.filter((task) => !groups.has(task)),
        serving: {
          cell_ttft_ms_p50: serving.ttftMsP50,
          cell_e2e_ms_p50: serving.e2eMsP50,
          overhead_ms: serving.overheadMs,
        },
      },
    },
    overall_score: meanOf(scores),
    overall_completion: meanOf(stats.map((one) => one.mean_completion_score)),
    overall_trajectory: meanOf(stats.map((one) => one.mean_trajectory_score)),
    overall_behavior: meanOf(stats.map((one) => one.mean_behavior_score)),
    ...judgeTotals(stats),
    overall_reliability: meanOf(stats.map((one) => one.reliability_score)),
    overall_weighted_query_score: weighted(stats),
    overall_median_latency_ms: meanOf(stats.map((one) => one.median_duration_ms)),
    overall_p95_latency_ms: meanOf(stats.map((one) => one.p95_duration_ms)),
    ...tokenTotals(stats),
    overall_worst_of_n: meanOf(stats.map((one) => one.worst_of_n)),
    overall_delivery_outcome_counts: sums(stats.map((one) => one.delivery_outcome_counts)),
    overall_failure_mode_counts: sums(stats.map((one) => one.failure_mode_counts)),
    overall_ci_lower: interval.lower,
    overall_ci_upper: interval.upper,
    overall_pass_hat_k: shareOf(stats),
    tier_results: tierResults(stats),
    scenario_results: scenarioResults(stats),
    task_results: stats,
    certified: false,
  };
}

interface ScoredRun {
  readonly record: RecordedAttempt["record"];
  readonly attempt: StoredAttempt;
  readonly value: number;
}

function taskStats(runs: readonly ScoredRun[]) {
  const ordered = runs.toSorted((a, b) => a.record.trial - b.record.trial);
  const { task } = ordered[0]?.attempt.observation ?? {};
  const profile = task?.profile.format === "clawbench" ? task.profile : null;
  const scores = ordered.map(({ value }) => value);
  const flags = ordered.map(({ attempt }) => attempt.score?.passed === true);
  const found = taskReliability(scores, { passed: flags });
  const durations = ordered.map(({ attempt }) => Math.round(attempt.observation.durationMs));
  const tokens = ordered.map(({ record }) => totalOf(record));
  const passing = tokens.filter((_, at) => flags[at]);
  const part = (name: string) => ordered.flatMap(({ attempt }) => attempt.score?.parts[name] ?? []);
  const judged = part("judge");
  return {
    task_id: task?.id ?? "",
    tier: task?.tier == null ? "" : `tier${task.tier}`,
    family: task?.suite ?? "",
    ...(profile?.scenario != null && { scenario: profile.scenario }),
    query_weight: profile?.queryWeight ?? 1,
    capabilities: profile?.capabilities ?? [],
    runs: ordered.length,
    mean_completion_score: meanOf(part("completion")),
    mean_trajectory_score: meanOf(part("trajectory")),
    mean_behavior_score: meanOf(part("behavior")),
    ...(judged.length > 0 && { mean_judge_score: meanOf(judged), judged_runs: judged.length }),
    mean_run_score: found?.mean ?? 0,
    reliability_score: found?.reliability ?? 0,
    variance_score: found?.varianceScore ?? 0,
    mean_task_score: found?.taskScore ?? 0,
    stddev: found?.sd ?? 0,
    min_score: found?.min ?? 0,
    max_score: found?.max ?? 0,
    pass_at_1: found?.passAt1 ?? false,
    pass_rate: found?.passRate ?? 0,
    pass_hat_k: found?.passHatK ?? false,
    scores,
    mean_duration_ms: meanOf(durations),
    median_duration_ms: latencyPercentile(durations, 50) ?? 0,
    p95_duration_ms: latencyPercentile(durations, 95) ?? 0,
    ...known(
      "mean_input_tokens",
      ordered.map(({ record }) => record.promptTokens),
    ),
    ...known(
      "mean_output_tokens",
      ordered.map(({ record }) => record.completionTokens),
    ),
    ...known("mean_total_tokens", tokens),
    ...(passing.length > 0 && known("tokens_per_pass", passing)),
    worst_of_n: found?.worstOfN ?? 0,
    delivery_outcome_counts: counts(ordered, "deliveryOutcome"),
    failure_mode_counts: counts(ordered, "failureMode"),
    high_variance: found?.highVariance ?? false,
  };
}

function totalOf({ promptTokens, completionTokens }: RecordedAttempt["record"]): number | null {
  return promptTokens === null || completionTokens === null ? null : promptTokens + completionTokens;
}

/** The mean under this name where every value is known; else nothing. */
function known<Name extends string>(
  name: Name,
  values: readonly (number | null)[],
): Partial<Record<Name, number>> {
  const all = values.flatMap((value) => value ?? []);
  if (all.length < values.length || all.length === 0) return {};
  return { [name]: meanOf(all) } as Partial<Record<Name, number>>;
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function shareOf(stats: readonly TaskStats[]): number {
  return meanOf(stats.map((one) => (one.pass_hat_k ? 1 : 0)));
}

function weighted(stats: readonly TaskStats[]): number {
  const weight = stats.reduce((sum, one) => sum + one.query_weight, 0);
  if (weight === 0) return 0;
  return stats.reduce((sum, one) => sum + one.mean_task_score * one.query_weight, 0) / weight;
}

function counts(runs: readonly ScoredRun[], name: string): Readonly<Record<string, number>> {
  const words = runs.flatMap(({ attempt }) => {
    const word = attempt.score?.breakdown[name];
    return typeof word === "string" ? [word] : [];
  });
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]));
}

function sums(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const total = new Map<string, number>();
  for (const one of all)
    for (const [word, count] of Object.entries(one)) total.set(word, (total.get(word) ?? 0) + count);
  return Object.fromEntries(total);
}

function judgeTotals(stats: readonly TaskStats[]) {
  const judged = stats.flatMap((one) => one.mean_judge_score ?? []);
  if (judged.length === 0) return {};
  return { overall_judge_score: meanOf(judged), judge_task_coverage: judged.length / stats.length };
}

function tokenTotals(stats: readonly TaskStats[]) {
  return {
    ...known(
      "overall_input_tokens",
      stats.map((one) => one.mean_input_tokens ?? null),
    ),
    ...known(
      "overall_output_tokens",
      stats.map((one) => one.mean_output_tokens ?? null),
    ),
    ...known(
      "overall_total_tokens",
      stats.map((one) => one.mean_total_tokens ?? null),
    ),
    // The original takes a task that never passed for one that costs nothing per pass; here such a mean is not stated.
    ...known(
      "overall_tokens_per_pass",
      stats.map((one) => one.tokens_per_pass ?? null),
    ),
  };
}

function tierResults(stats: readonly TaskStats[]) {
  const tiers = [...new Set(stats.map(({ tier }) => tier))].filter((tier) => tier !== "").toSorted();
  return tiers.map((tier) => {
    const current = stats.filter((one) => one.tier === tier);
    const scores = current.map((one) => one.mean_task_score);
    const interval = meanInterval(scores) ?? { lower: 0, upper: 0 };
    return {
      tier,
      mean_task_score: meanOf(scores),
      ...axesOf(current),
      ci_lower: interval.lower,
      ci_upper: interval.upper,
      task_stats: current,
    };
  });
}

function scenarioResults(stats: readonly TaskStats[]) {
  const scenarios = [...new Set(stats.flatMap((one) => one.scenario ?? []))].toSorted();
  return scenarios.map((scenario) => {
    const current = stats.filter((one) => one.scenario === scenario);
    return {
      scenario,
      mean_task_score: meanOf(current.map((one) => one.mean_task_score)),
      weighted_score: weighted(current),
      ...axesOf(current),
      total_weight: current.reduce((sum, one) => sum + one.query_weight, 0),
      task_stats: current,
    };
  });
}

function axesOf(current: readonly TaskStats[]) {
  return {
    mean_completion: meanOf(current.map((one) => one.mean_completion_score)),
    mean_trajectory: meanOf(current.map((one) => one.mean_trajectory_score)),
    mean_behavior: meanOf(current.map((one) => one.mean_behavior_score)),
    mean_reliability: meanOf(current.map((one) => one.reliability_score)),
    pass_hat_k_rate: shareOf(current),
  };
}

function profileOf(attempts: readonly RecordedAttempt[]): string {
  const profile = attempts.find(({ attempt }) => attempt !== null)?.attempt?.profile;
  return profile === undefined ? "unknown" : `${profile.format} ${profile.version}`;
}

/** In the form of a UUID; the same for the same cell of the same run. */
function idOf({ runId }: TriedRun, { cellId }: TrialCell): string {
  const hex = createHash("sha256").update(`${runId}/${cellId}`).digest("hex");
  const part = (from: number, to: number) => hex.slice(from, to);
  return `${part(0, 8)}-${part(8, 12)}-8${part(13, 16)}-a${part(17, 20)}-${part(20, 32)}`;
}
