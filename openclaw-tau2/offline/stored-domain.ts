import { z } from "zod";
import { ConfigError, RunUnreadableError } from "../../bench/errors.ts";
import { programEnvironment } from "../../bench/host/program-environment.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { domainOptions } from "../domain-options.ts";
import { tau2Section, type Tau2Section } from "../section.ts";
import type { LoadedDomain } from "../tau2/contract/domain.ts";
import { loadDomain } from "../tau2/loading/load.ts";

export interface StoredDomain {
  readonly workload: Tau2Section;
  readonly domain: LoadedDomain;
}

/**
 * The domain that a run used, loaded again from the data it was run with.
 * @param environment the user's; a domain that starts a program hands on what programs need
 * @throws {ConfigError} for a run of another workload.
 * @throws {RunUnreadableError} when the data has changed since: its rewards could not be compared.
 */
export function storedDomain(
  identity: Pick<RunJson, "runId" | "resolved" | "hashes">,
  environment: Readonly<Record<string, string | undefined>>,
): StoredDomain {
  const { kind } = z.object({ kind: z.string() }).parse(identity.resolved["workload"]);
  if (kind !== tau2Section.kind) {
    throw new ConfigError(
      `Run ${identity.runId} is of workload ${kind}; only runs of tau2 can be judged, graded again, or chosen from by tau2's splits. Other workloads judge every episode while they run; what they said is in the run's records (tollgate inspect).`,
    );
  }
  const workload = tau2Section.schema.parse(identity.resolved["workload"]);
  const domain = loadDomain(domainOptions(workload, programEnvironment(environment)));
  const changed = Object.entries(domain.fileHashes).filter(
    ([file, sha256]) => identity.hashes[file] !== sha256,
  );
  if (changed.length > 0) {
    throw new RunUnreadableError(
      `The data of run ${identity.runId} has changed: ${changed.map(([file]) => file).join(", ")}. Restore it, then try again.`,
    );
  }
  return { workload, domain };
}
