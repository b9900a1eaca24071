import { domainOptions } from "./domain-options.ts";
import type { Tau2Experiment } from "./section.ts";
import type { DomainDescription } from "./tau2/contract/domain.ts";
import { describeDomain } from "./tau2/loading/load.ts";

/** As long as somebody holds the experiment, which is as long as its command. */
const described = new WeakMap<Tau2Experiment, DomainDescription>();

/**
 * What an experiment's domain is, read once: planning and preparing a run both ask.
 * @param environment of a program that the domain starts; that of the first call counts
 * @throws {ConfigError} for whatever is missing, truncated or of another form
 */
export function describedDomain(
  experiment: Tau2Experiment,
  environment: Readonly<Record<string, string>>,
): DomainDescription {
  const known = described.get(experiment);
  if (known !== undefined) return known;
  const domain = describeDomain(domainOptions(experiment.workload, environment));
  described.set(experiment, domain);
  return domain;
}
