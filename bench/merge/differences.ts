import { serversOfRun, serverVersions } from "../evidence/server-facts.ts";
import { fingerprint } from "../plan/identity.ts";
import { latestArmFacts, readPreflights } from "../store/preflight-record.ts";
import { planDifferences } from "../store/resume-check.ts";
import type { RunJson } from "../store/run-json.ts";
import type { ShardRun } from "./shard-run.ts";

/** What two shards of one sweep do not have in common and should, each in words; none: they are of one sweep. */
export async function differencesOf(first: ShardRun, other: ShardRun): Promise<readonly string[]> {
  const names = { one: `in ${first.identity.runId}`, other: `in ${other.identity.runId}` };
  const settings = planDifferences(withoutCells(first), withoutCells(other), names);
  if (settings.length > 0) return settings;
  const [facts, others] = [await factsOf(first), await factsOf(other)];
  return Object.entries(facts).flatMap(([name, value]) => {
    const theirs = others[name];
    // What a shard does not say, as one that was stopped at its start, is no contradiction.
    if (value === null || theirs === null || theirs === undefined || value === theirs) return [];
    return [`${name}: ${value} ${names.one}, ${theirs} ${names.other}`];
  });
}

function withoutCells({ identity: { hashes, resolved } }: ShardRun): Parameters<typeof planDifferences>[0] {
  return { hashes, resolved, cells: [] };
}

/** By name, as texts that are equal where the facts are. */
async function factsOf({ identity, shard, directory }: ShardRun): Promise<Record<string, string | null>> {
  const servers = await serversOfRun(directory);
  const versions = { ...identity.versions, ...(await serverVersions(directory, servers)) };
  const preflights = await readPreflights(directory);
  const arms = [...new Set(identity.cells.map(({ arm }) => arm))];
  const facts: Record<string, unknown> = {
    "number of shards": shard.count,
    "division of the sweep": shard.by,
    "plan of the sweep": fingerprint(shard.plan),
    "simulated engines": identity.simulated,
    agent: identity.agent,
    "revision of Tollgate": revisionOf(identity),
    workload: identity.workload,
    scores: identity.scores ?? null,
    coverage: identity.coverage ?? null,
    "agent engine": servers.agent ?? null,
    "user engine": servers.user ?? null,
    "engines of the variants": servers.variants ?? null,
  };
  for (const [name, version] of Object.entries(versions)) facts[`version of ${name}`] = version;
  for (const arm of arms) {
    const found = latestArmFacts(preflights, arm);
    facts[`streaming of arm ${arm}`] = found?.streaming ?? null;
    facts[`arm ${arm} reaches the engine that is read`] = found?.sameEngine ?? null;
  }
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, value === null ? null : textOf(value)]),
  );
}

function revisionOf({ git }: RunJson): string | null {
  return git === null ? null : `${git.revision}${git.dirty ? " with changes" : ""}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
