import { measuringPrograms } from "../evidence/measuring-programs.ts";
import { fingerprint } from "../plan/identity.ts";
import { latestArmFacts, readPreflights } from "../store/preflight-record.ts";
import { planDifferences } from "../store/resume-check.ts";
import type { ShardRun } from "./shard-run.ts";

/** A run that is not of one sweep with an earlier one, with what differs, in words. */
export interface Stranger {
  readonly run: ShardRun;
  /** The run itself: two programs have measured it. */
  readonly other: ShardRun;
  readonly differences: readonly string[];
}

/**
 * Holds every run against what those before it say. A fact that a run does not state, as one that was stopped at its start, is no
 * contradiction, and the next one that states it is what others are held against.
 */
export async function strangersAmong(runs: readonly ShardRun[]): Promise<readonly Stranger[]> {
  const [first] = runs;
  if (first === undefined) return [];
  const said = new Map<string, { readonly value: string; readonly by: ShardRun }>();
  const strangers: Stranger[] = [];
  for (const run of runs) {
    const names = { one: `in ${first.identity.runId}`, other: `in ${run.identity.runId}` };
    const settings = planDifferences(withoutCells(first), withoutCells(run), names);
    if (settings.length > 0) {
      strangers.push({ run, other: first, differences: settings });
      continue;
    }
    for (const [name, values] of await factsOf(run))
      for (const value of values) {
        const before = said.get(name);
        if (before === undefined) said.set(name, { value, by: run });
        else if (before.value !== value) {
          const text = `${name}: ${before.value} in ${before.by.identity.runId}, ${value} in ${run.identity.runId}`;
          strangers.push({ run, other: before.by, differences: [text] });
        }
      }
  }
  return strangers;
}

function withoutCells({ identity: { hashes, resolved } }: ShardRun): Parameters<typeof planDifferences>[0] {
  return { hashes, resolved, cells: [] };
}

/** By name, every value that the run states, as texts that are equal where the facts are. */
async function factsOf(run: ShardRun): Promise<ReadonlyMap<string, readonly string[]>> {
  const { identity, shard, directory } = run;
  const preflights = await readPreflights(directory);
  const arms = [...new Set(identity.cells.map(({ arm }) => arm))];
  const facts: Record<string, unknown> = {
    "number of shards": shard.count,
    "division of the sweep": shard.by,
    "plan of the sweep": fingerprint(shard.plan),
    "simulated engines": identity.simulated,
    agent: identity.agent,
    workload: identity.workload,
    scores: identity.scores ?? null,
    coverage: identity.coverage ?? null,
  };
  for (const arm of arms) {
    const found = latestArmFacts(preflights, arm);
    facts[`streaming of arm ${arm}`] = found?.streaming ?? null;
    facts[`arm ${arm} reaches the engine that is read`] = found?.sameEngine ?? null;
  }
  const stated = Object.entries(facts).filter(([, value]) => value !== null);
  return new Map([
    ...stated.map(([name, value]) => [name, [textOf(value)]] as const),
    ...(await measuringPrograms(run)),
  ]);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
