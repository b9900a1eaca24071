import { preflightSummary } from "../preflight-table.ts";
import { serverLines } from "../server-lines.ts";
import { serverVersions } from "../../evidence/server-versions.ts";
import { left, type Table } from "../table.ts";
import { latestArmFacts, readPreflights, type PreflightRecord } from "../../store/preflight-record.ts";
import type { StoredRun } from "../../store/read-run.ts";
import { leftOutText } from "../../store/left-out-checks.ts";
import type { ReplayReport } from "../../analysis/replay/replay-report.ts";
import { replayTables } from "./replay-tables.ts";

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

/** Every table of a replay, in the order of reading. */
export function storedTables(report: StoredReplay): readonly Table[] {
  return [...replayTables(report), ...preflightTables(report)];
}

function preflightTables({ preflights }: StoredReplay): readonly Table[] {
  return preflights.map((record) => {
    const table = preflightSummary(record);
    return { ...table, notes: [...table.notes, leftOutText] };
  });
}

const parts = {
  baseline: "baseline",
  compared: "compared",
  again: "the baseline again (A/A): what this run can see",
  placebo: "placebo: a proxy that does nothing",
} as const;

/** What was reached how, and what was found out about it before the first block. */
export function stackTable({ plan, preflights, servers }: StoredReplay): Table {
  return {
    title: "Servers and arms",
    columns: [left("arm"), left("part"), left("kind"), left("streams"), left("reaches the agent engine")],
    rows: plan.arms.map(({ label, arm, kind, part }) => {
      const { streaming = null, sameEngine = null } = latestArmFacts(preflights, arm) ?? {};
      const reaches = sameEngine === null ? "not known" : sameEngine ? "yes" : "no: another engine";
      return [label, parts[part], kind, streaming ?? "not known", reaches];
    }),
    notes: servers,
  };
}
