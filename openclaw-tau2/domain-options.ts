import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Tau2Section } from "./section.ts";
import { dataFolderOf } from "./tau2/domains/registry.ts";
import type { LoadOptions } from "./tau2/contract/load-options.ts";

/**
 * Where an experiment's domain is loaded from, with the defaults filled in.
 * @param environment of a program that the domain starts
 */
export function domainOptions(
  workload: Tau2Section,
  environment: Readonly<Record<string, string>> = {},
): LoadOptions & { readonly dataDirectory: string; readonly schemasDirectory: string | null } {
  const dataDirectory = workload.data ?? join(import.meta.dirname, "data");
  return {
    domain: workload.domain,
    dataDirectory,
    schemasDirectory: workload.schemas ?? schemasBeside(dataDirectory, dataFolderOf(workload.domain)),
    checkout: workload.checkout ?? null,
    pythonVersion: workload.pythonVersion,
    pydanticVersion: workload.pydanticVersion,
    environment,
    ...(workload.python !== undefined && { python: workload.python }),
    ...(workload.retrieval !== undefined && { retrieval: workload.retrieval }),
  };
}

/** Where schemas files lie when nobody says so: `golden/` beside the data folder, as tau2's reference data has it. */
function schemasBeside(dataDirectory: string, dataFolder: string): string | null {
  const directory = join(dataDirectory, "..", "golden");
  return existsSync(join(directory, `schemas_${dataFolder}.json`)) ? directory : null;
}
