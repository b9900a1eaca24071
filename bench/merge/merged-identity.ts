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
  const cells = new Map(runs.flatMap((run) => run.identity.cells.map((cell) => [cell.cellId, cell])));
  return {
    ...identity,
    runId,
    createdAt: runs.map((run) => run.identity.createdAt).toSorted()[0] ?? identity.createdAt,
    argv: ["merge", ...runs.map((run) => run.identity.runId)],
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
