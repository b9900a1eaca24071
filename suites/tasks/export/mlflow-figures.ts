import type { FiguresOf, NamedFigures } from "../../../bench/mlflow/entries/own-names.ts";
import { readJudgedRun } from "../../../bench/store/judgements.ts";
import { readAttempts } from "../attempts/read-attempts.ts";
import { servingCost, triedRun } from "./tried-run.ts";
import { benchmarkOf, type Benchmark } from "./clawbench/benchmark.ts";

/**
 * What ClawBench's `scripts/log_to_mlflow.py` logs of a result, by its names: a cell is one of its results. Costs, and what its judge
 * thinks of itself, are measured by nobody here and have no metric, where it logs zeros.
 */
export const clawbenchFigures: FiguresOf = async (runDirectory, report) => {
  const run = await readJudgedRun(runDirectory);
  const { workload } = run.identity.resolved;
  if (workload === null || typeof workload !== "object" || !("kind" in workload) || workload.kind !== "tasks")
    return [];
  const tried = triedRun(run.identity, report);
  const found: NamedFigures[] = [];
  for (const cell of run.identity.cells) {
    const attempts = await readAttempts(run, cell.cellId, []);
    const profile = attempts.find(({ attempt }) => attempt !== null)?.attempt?.profile;
    if (profile?.format !== "clawbench") continue;
    const benchmark = benchmarkOf(tried, { cell, attempts, serving: servingCost(report, cell) });
    // Its means would be zeros that nobody scored.
    if (benchmark.task_results.length > 0) found.push(figuresOf(cell.cellId, benchmark));
  }
  return found;
};

function figuresOf(cellId: string, benchmark: Benchmark): NamedFigures {
  const { model, provider, openclaw_version: openclaw, submission_id: id, timestamp, certified } = benchmark;
  const { unscored_tasks: unscored } = benchmark.environment.tollgate;
  return {
    cellId,
    metrics: [...overall(benchmark), ...tiers(benchmark), ...tasks(benchmark)].flatMap(
      ([key, value, step]) => (value === undefined || !Number.isFinite(value) ? [] : [{ key, value, step }]),
    ),
    params: {
      ...(model !== "unknown" && { model }),
      ...(provider !== "" && { provider }),
      ...(openclaw !== undefined && { openclaw_version: openclaw }),
    },
    // As Python writes a truth.
    tags: {
      submission_id: id,
      timestamp,
      certified: certified ? "True" : "False",
      // There they count as zero; here they are in no mean, and whoever compares must see it.
      ...(unscored.length > 0 && { "tollgate.unscored_tasks": unscored.join(" ") }),
    },
    file: { name: "benchmark.json", text: `${JSON.stringify(benchmark, null, 2)}\n` },
  };
}

type Figure = readonly [key: string, value: number | undefined, step: number];

function overall(of: Benchmark): readonly Figure[] {
  const values = {
    overall_score: of.overall_score,
    overall_completion: of.overall_completion,
    overall_trajectory: of.overall_trajectory,
    overall_behavior: of.overall_behavior,
    overall_reliability: of.overall_reliability,
    overall_pass_hat_k: of.overall_pass_hat_k,
    overall_judge_score: of.overall_judge_score,
    judge_task_coverage: of.judge_task_coverage,
    overall_weighted_query_score: of.overall_weighted_query_score,
    overall_median_latency_ms: of.overall_median_latency_ms,
    overall_p95_latency_ms: of.overall_p95_latency_ms,
    overall_total_tokens: of.overall_total_tokens,
    overall_tokens_per_pass: of.overall_tokens_per_pass,
    overall_ci_lower: of.overall_ci_lower,
    overall_ci_upper: of.overall_ci_upper,
  };
  return Object.entries(values).map(([key, value]) => [key, value, 0]);
}

function tiers({ tier_results: results }: Benchmark): readonly Figure[] {
  return results.flatMap((of): readonly Figure[] => [
    [`${of.tier}/score`, of.mean_task_score, 0],
    [`${of.tier}/completion`, of.mean_completion, 0],
    [`${of.tier}/trajectory`, of.mean_trajectory, 0],
    [`${of.tier}/behavior`, of.mean_behavior, 0],
    [`${of.tier}/reliability`, of.mean_reliability, 0],
  ]);
}

/** Its step is the place of the task among the results. */
function tasks({ task_results: results }: Benchmark): readonly Figure[] {
  return results.flatMap((of, step): readonly Figure[] => [
    [`task/${of.task_id}/score`, of.mean_task_score, step],
    [`task/${of.task_id}/reliability`, of.reliability_score, step],
  ]);
}
