import { reportedEngines, serverLines, versionTexts, type ReportedEngines } from "./server-lines.ts";
import { serversOfRun, serverVersions } from "../../evidence/server-facts.ts";
import { readPreflights, type PreflightRecord } from "../../store/preflight-record.ts";
import type { StoredRun } from "../../store/read-run.ts";
import type { ReplayReport } from "../../analysis/replay/replay-report.ts";

/** A replay's report with what is known of the stack that it ran on; `report.json` is this. */
export interface StoredReplay extends ReplayReport {
  /** None for a replay of an older Tollgate. */
  readonly preflights: readonly PreflightRecord[];
  /** What the servers were asked to be or said they are, and which versions they gave; a line each. */
  readonly servers: readonly string[];
  readonly engines?: ReportedEngines;
}

export async function withStack(
  report: ReplayReport,
  { directory, identity }: Pick<StoredRun, "directory" | "identity">,
): Promise<StoredReplay> {
  const servers = await serversOfRun(directory);
  const engines = reportedEngines(servers);
  const lines = serverLines(identity.resolved, servers);
  const versions = versionTexts(await serverVersions(directory, servers), engines);
  return {
    ...report,
    simulated: engines.agent?.simulated ?? report.simulated,
    preflights: await readPreflights(directory),
    servers: [
      ...(lines.length > 0 ? lines : ["nothing is known of how the servers were started"]),
      `versions: ${versions.join(", ") || "not known"}`,
    ],
    ...(Object.keys(engines).length > 0 && { engines }),
  };
}
