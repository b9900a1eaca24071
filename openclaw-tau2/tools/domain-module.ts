import type { EvaluationInput, LoadedDomain } from "../tau2/domain.ts";
import type { Evaluation } from "../tau2/evaluate.ts";
import type { LoadOptions } from "../tau2/load.ts";

/** What `loadDomain` needs; structured-cloneable, because it travels to worker threads. */
export type DomainSettings = LoadOptions;

/**
 * The code that knows domains, as a worker imports it. The tool server itself knows none: workers import this module by
 * URL, so that tests can bring domains with tools that hang, exit or throw.
 */
export interface DomainModule {
  loadDomain(settings: DomainSettings): LoadedDomain | Promise<LoadedDomain>;
  evaluate(domain: LoadedDomain, input: EvaluationInput): Evaluation | Promise<Evaluation>;
}
