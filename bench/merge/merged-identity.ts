import { hostLine } from "../store/host-line.ts";
import type { RunJson } from "../store/run-json.ts";
import type { ShardSet } from "./shard-set.ts";

/** `run.json` of the merged run: that of a sweep which was not divided, and what it was made of. */
export function mergedIdentity(set: ShardSet, runId: string): RunJson {
  const { runs, plan, missing } = set;
  const [first] = runs;
  if (first === undefined) throw new Error("a merge has a shard");
  const { shard, ...identity } = first.identity;
  if (shard === undefined) throw new Error("only shards are merged");
  const warnings = [...new Set(runs.flatMap((run) => run.identity.warnings ?? [])), ...otherLimits(runs)];
  const cells = new Map(runs.flatMap((run) => run.identity.cells.map((cell) => [cell.cellId, cell])));
  return {
    ...identity,
    runId,
    createdAt: runs.map((run) => run.identity.createdAt).toSorted()[0] ?? identity.createdAt,
    argv: ["merge", ...runs.map((run) => run.identity.runId)],
    ...(warnings.length > 0 && { warnings }),
    cells: plan.flatMap(({ cellId }) => cells.get(cellId) ?? []),
    merged: {
      by: shard.by,
      ...(missing.length > 0 && {
        missing: missing.map(({ index, cells: lacking }) => ({ index, cells: [...lacking] })),
      }),
      shards: runs.map((run) => ({
        index: run.shard.index,
        runId: run.identity.runId,
        host: hostLine(run.identity),
        cells: run.identity.cells.map(({ cellId }) => cellId),
      })),
    },
  };
}

/** Limits may change while a sweep goes on, and what one shard counts as late another one waits for. */
function otherLimits(runs: ShardSet["runs"]): readonly string[] {
  const limits = runs.map(({ shard, identity }) => ({
    index: shard.index,
    of: new Map(Object.entries((identity.resolved["limits"] ?? {}) as Record<string, unknown>)),
  }));
  const names = [...new Set(limits.flatMap(({ of }) => [...of.keys()]))];
  return names.flatMap((name) => {
    const values = limits.map(({ index, of }) => ({ index, text: JSON.stringify(of.get(name) ?? null) }));
    if (new Set(values.map(({ text }) => text)).size < 2) return [];
    const said = values.map(({ index, text }) => `${text} in shard ${index}`).join(", ");
    return [`Shards ran under different limits, by which episodes fail: limits.${name} is ${said}.`];
  });
}
