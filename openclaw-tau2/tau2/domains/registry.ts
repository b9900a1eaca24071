import { ConfigError } from "../../../bench/errors.ts";
import type { DomainDefinition } from "../contract/domain-definition.ts";
import { airlineDomain } from "./airline/domain.ts";
import { libraryDomain } from "./library/domain.ts";
import { mockDomain } from "./mock/domain.ts";
import { retailDomain } from "./retail/domain.ts";
import { telecomDomain, telecomWorkflowDomain } from "./telecom/domain.ts";

/** Every domain that runs natively. One line each: mock, airline, retail, telecom and Tollgate's own library. */
const domains: readonly DomainDefinition[] = [
  libraryDomain,
  mockDomain,
  airlineDomain,
  retailDomain,
  telecomDomain,
  telecomWorkflowDomain,
];

/** Name of the folder that holds a domain's data, which is also in the name of its schemas file. */
export function dataFolderOf(name: string): string {
  return domains.find((domain) => domain.name === name)?.dataFolder ?? name;
}

export const domainNames: readonly string[] = domains.map((domain) => domain.name);

/** The definition of a domain. Throws ConfigError with the known names for another one. */
export function domainDefinition(name: string): DomainDefinition {
  const found = domains.find((domain) => domain.name === name);
  if (found === undefined) {
    throw new ConfigError(
      `Unknown domain ${JSON.stringify(name)}. Known domains: ${domainNames.join(", ")}, banking_knowledge.`,
    );
  }
  return found;
}
