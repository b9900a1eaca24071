import { serverLines } from "./server-lines.ts";
import { serverVersions } from "../../evidence/server-versions.ts";
import { readPreflights, type PreflightRecord } from "../../store/preflight-record.ts";
import type { StoredRun } from "../../store/read-run.ts";
import type { ReplayReport } from "../../analysis/replay/replay-report.ts";

/** A replay's report with what is known of the stack that it ran on; `report.json` is this. */
export interface StoredReplay extends ReplayReport {
  /** None for a replay of an older Tollgate. */
  readonly preflights: readonly PreflightRecord[];
  /** What the servers were asked to be, and which versions they gave; a line each. */
  readonly servers: readonly string[];
}

export async function withStack(
  report: ReplayReport,
  { directory, identity }: Pick<StoredRun, "directory" | "identity">,
): Promise<StoredReplay> {
  const asked = serverLines(identity.resolved);
  const versions = Object.entries(await serverVersions(directory)).map(
    ([name, version]) => `${name} ${version ?? "unknown"}`,
  );
  return {
    ...report,
    preflights: await readPreflights(directory),
    servers: [
      ...(asked.length > 0 ? asked : ["the servers were there before: how they were started is not known"]),
      `versions: ${versions.join(", ") || "not known"}`,
    ],
  };
}
