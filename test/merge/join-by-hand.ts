import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunJson } from "../../bench/store/run-json.ts";

interface Line {
  readonly type: string;
  readonly cellId?: string;
}

/** The same records as one machine would have written them: cell after cell, in the order of the whole plan. Knows nothing of the merge. */
export function joinByHand(runs: readonly string[], out: string): string {
  const identities = runs.map((run) => JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as RunJson);
  const [first] = identities;
  if (first?.shard === undefined) throw new Error("no shards");
  const { shard, ...identity } = first;
  mkdirSync(join(out, "evidence"), { recursive: true });
  const lines: string[] = [];
  const ends: string[] = [];
  for (const { cellId, shard: owner } of shard.plan) {
    const own = readFileSync(join(runs[owner] ?? "", "records.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    // A call that went on with the cell stands before its records, as in the shard.
    let call: string | null = null;
    for (const text of own) {
      const line = JSON.parse(text) as Line;
      if (line.type === "run-started") call = text;
      if (line.type === "run-ended") ends.push(text);
      if (line.cellId !== cellId) continue;
      if (call !== null) lines.push(call);
      call = null;
      lines.push(text);
    }
  }
  const last = ends.at(-1);
  if (last === undefined) throw new Error("no shard came to an end");
  writeFileSync(join(out, "records.jsonl"), `${[...lines, last].join("\n")}\n`);
  const cells = shard.plan.flatMap(({ cellId }) =>
    identities.flatMap((one) => one.cells.filter((cell) => cell.cellId === cellId)),
  );
  const createdAt = identities.map((one) => one.createdAt).toSorted()[0];
  writeFileSync(join(out, "run.json"), JSON.stringify({ ...identity, runId: "undivided", createdAt, cells }));
  for (const log of ["trajectories.jsonl", "tokens.jsonl.zst"])
    writeFileSync(
      join(out, log),
      Buffer.concat(
        runs.map((run) => (existsSync(join(run, log)) ? readFileSync(join(run, log)) : Buffer.alloc(0))),
      ),
    );
  for (const run of runs.toReversed())
    cpSync(join(run, "evidence"), join(out, "evidence"), { recursive: true });
  const invocations = runs.flatMap(
    (run) =>
      (
        JSON.parse(readFileSync(join(run, "evidence", "preflight.json"), "utf8")) as {
          invocations: unknown[];
        }
      ).invocations,
  );
  writeFileSync(join(out, "evidence", "preflight.json"), JSON.stringify({ v: 1, invocations }));
  return out;
}
