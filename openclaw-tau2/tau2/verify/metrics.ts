/** What the metrics read of one simulation. */
export interface ScoredSimulation {
  readonly taskId: string;
  /** null: not scored, because of an infrastructure error or for want of a judge. */
  readonly reward: number | null;
  readonly terminationReason: string;
  /** In dollars; null when unknown. */
  readonly agentCost: number | null;
  readonly databaseMatch: boolean | null;
  readonly actions: readonly { readonly match: boolean; readonly toolType: string | null }[];
}

/** tau2's agent metrics, under tau2's names. */
export interface AgentMetrics {
  readonly avg_reward: number;
  /** pass^k by k, from 1 to the fewest trials that any task has left. */
  readonly pass_hat_ks: Readonly<Record<string, number>>;
  readonly avg_agent_cost: number;
  readonly total_simulations: number;
  readonly total_tasks: number;
  readonly infra_error_count: number;
  readonly total_read_actions: number;
  readonly correct_read_actions: number;
  readonly total_write_actions: number;
  readonly correct_write_actions: number;
  readonly db_match_count: number;
  readonly db_mismatch_count: number;
  readonly db_not_checked: number;
  readonly termination_user_stop: number;
  readonly termination_agent_stop: number;
  readonly termination_max_steps: number;
  readonly termination_error: number;
  readonly termination_infrastructure_error: number;
}

const INFRASTRUCTURE_ERROR = "infrastructure_error";
const ERROR_ENDS = new Set(["too_many_errors", "agent_error", "user_error"]);
const SUCCESS_TOLERANCE = 1e-6;

/** tau2's success: a reward of 1 within a millionth. */
export function isSuccess(reward: number | null): boolean {
  return reward !== null && reward >= 1 - SUCCESS_TOLERANCE && reward <= 1 + SUCCESS_TOLERANCE;
}

/** pass^k: the chance that k trials drawn from n, c of them successful, all succeed: C(c, k) / C(n, k). Needs k <= n. */
export function passHatK(trials: number, successes: number, k: number): number {
  if (trials < k) throw new RangeError(`Number of trials ${trials} is less than k ${k}.`);
  let value = 1;
  for (let drawn = 0; drawn < k; drawn++) value *= Math.max(0, successes - drawn) / (trials - drawn);
  return value;
}

/** pass^k of each task for each k up to `trialCount` and the fewest trials of any task that has one left. */
export function taskPassHatKs(
  simulations: readonly ScoredSimulation[],
  trialCount: number,
): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const byTask = Map.groupBy(evaluated(simulations), (simulation) => simulation.taskId);
  const fewest = Math.min(trialCount, ...[...byTask.values()].map((trials) => trials.length));
  const ks = byTask.size === 0 ? [] : Array.from({ length: fewest }, (_, index) => index + 1);
  return new Map(
    Array.from(byTask, ([taskId, trials]) => {
      const successes = trials.filter(({ reward }) => isSuccess(reward)).length;
      return [taskId, new Map(ks.map((k) => [k, passHatK(trials.length, successes, k)]))];
    }),
  );
}

/** What has a reward: infrastructure errors have none that counts, unjudged simulations have none at all. */
function evaluated(simulations: readonly ScoredSimulation[]): ScoredSimulation[] {
  return simulations.filter(
    ({ terminationReason, reward }) => terminationReason !== INFRASTRUCTURE_ERROR && reward !== null,
  );
}

/**
 * tau2's metrics over simulations of `trialCount` planned trials. Infrastructure errors are removed first and counted.
 * Unjudged simulations (reward null) are removed too: they are neither success nor failure, and whoever shows the metrics
 * says how many there are. Unknown costs are left out of their mean.
 */
export function agentMetrics(simulations: readonly ScoredSimulation[], trialCount: number): AgentMetrics {
  const scored = evaluated(simulations);
  const tasks = taskPassHatKs(simulations, trialCount);
  const actions = scored.flatMap((simulation) => simulation.actions);
  const ended = (reasons: ReadonlySet<string>): number =>
    scored.filter(({ terminationReason }) => reasons.has(terminationReason)).length;
  const acted = (type: string, match?: true): number =>
    actions.filter((action) => action.toolType === type && (match === undefined || action.match)).length;
  const matched = (match: boolean | null): number =>
    scored.filter(({ databaseMatch }) => databaseMatch === match).length;
  const infrastructureErrors = simulations.filter(
    ({ terminationReason }) => terminationReason === INFRASTRUCTURE_ERROR,
  ).length;
  return {
    avg_reward: mean(scored.map(({ reward }) => reward)),
    pass_hat_ks: passHatKMeans(tasks),
    avg_agent_cost: mean(scored.map(({ agentCost }) => agentCost)),
    total_simulations: scored.length,
    total_tasks: tasks.size,
    infra_error_count: infrastructureErrors,
    total_read_actions: acted("read"),
    correct_read_actions: acted("read", true),
    total_write_actions: acted("write"),
    correct_write_actions: acted("write", true),
    db_match_count: matched(true),
    db_mismatch_count: matched(false),
    db_not_checked: matched(null),
    termination_user_stop: ended(new Set(["user_stop"])),
    termination_agent_stop: ended(new Set(["agent_stop"])),
    termination_max_steps: ended(new Set(["max_steps"])),
    termination_error: ended(ERROR_ENDS),
    // tau2 leaves this one at 0 when there is nothing else.
    termination_infrastructure_error: scored.length === 0 ? 0 : infrastructureErrors,
  };
}

function passHatKMeans(
  tasks: ReadonlyMap<string, ReadonlyMap<number, number>>,
): Readonly<Record<string, number>> {
  const [first] = tasks.values();
  const means: Record<string, number> = {};
  for (const k of first?.keys() ?? []) {
    means[String(k)] = mean(Array.from(tasks.values(), (values) => values.get(k) ?? null));
  }
  return means;
}

/** The mean of the known values; tau2 reports 0 without any. */
function mean(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? 0 : known.reduce((total, value) => total + value, 0) / known.length;
}
