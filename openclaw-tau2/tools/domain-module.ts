import type { EvaluationInput, LoadedDomain } from "../tau2/domain.ts";
import type { LoadOptions } from "../tau2/load.ts";

/** What `loadDomain` needs; structured-cloneable, because it travels to worker threads. */
export type DomainSettings = LoadOptions;

export interface Evaluation {
  /** null when an assertion of the basis could not be judged. */
  readonly reward: number | null;
  readonly rewardBasis: readonly string[] | null;
  /** The evaluator's full answer, as tau2 would dump it. */
  readonly dump: unknown;
}

/**
 * The code that knows domains, as a worker imports it. The tool server itself knows none: workers import this module by
 * URL, so that tests can bring domains with tools that hang, exit or throw.
 */
export interface DomainModule {
  loadDomain(settings: DomainSettings): LoadedDomain | Promise<LoadedDomain>;
  evaluate(domain: LoadedDomain, input: EvaluationInput): Evaluation | Promise<Evaluation>;
}
