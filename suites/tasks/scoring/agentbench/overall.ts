/** What one attempt at a task was worth, for the sums of a run. */
export interface ScoredAttempt {
  readonly suite: string;
  readonly taskId: string;
  /** 0..1; null: nobody could score it. */
  readonly value: number | null;
}

export interface DomainScore {
  readonly suite: string;
  /** 0..100, the mean of its tasks; null: none of them has a score. */
  readonly score: number | null;
  readonly tasks: number;
  readonly scoredTasks: number;
}

export interface OverallScore {
  /** 0..100, the mean of the domains that have a score, each with equal weight whatever its size. */
  readonly score: number | null;
  readonly domains: readonly DomainScore[];
}

/** AgentBench's sums. Several attempts at one task are averaged first, so that each task counts once. */
export function overallScore(attempts: readonly ScoredAttempt[]): OverallScore {
  const domains = [...Map.groupBy(attempts, ({ suite }) => suite)].map(([suite, own]) =>
    domainScore(suite, own),
  );
  return { score: meanOf(domains.map(({ score }) => score)), domains };
}

function domainScore(suite: string, attempts: readonly ScoredAttempt[]): DomainScore {
  const tasks = [...Map.groupBy(attempts, ({ taskId }) => taskId).values()].map((own) =>
    meanOf(own.map(({ value }) => value)),
  );
  const score = meanOf(tasks);
  return {
    suite,
    score: score === null ? null : score * 100,
    tasks: tasks.length,
    scoredTasks: tasks.filter((value) => value !== null).length,
  };
}

/** Of those that are there; null: none is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
