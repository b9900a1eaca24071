import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import type { RunJson } from "../../bench/store/run-json.ts";

/**
 * Takes a run apart that was measured on one machine, as if shards had measured it: each gets the records, logs and evidence of its
 * cells, and is a run directory of its own. Knows nothing of how runs are merged.
 */
export function divideRun(source: string, to: string, count: number): string[] {
  const identity = JSON.parse(readFileSync(join(source, "run.json"), "utf8")) as RunJson;
  const loads = [...new Set(identity.cells.map(({ load }) => load))];
  const ownerOf = ({ load }: { load: string }) => loads.indexOf(load) % count;
  const owners = new Map(identity.cells.map((cell) => [cell.cellId, ownerOf(cell)]));
  const plan = identity.cells.map((cell) => ({ cellId: cell.cellId, shard: ownerOf(cell) }));
  return Array.from({ length: count }, (_, index) => {
    const runId = `${identity.runId}-part${index}`;
    const directory = join(to, runId);
    mkdirSync(join(directory, "evidence"), { recursive: true });
    const cells = identity.cells.filter((cell) => ownerOf(cell) === index);
    const shard = { index, count, by: "loads", plan };
    writeFileSync(join(directory, "run.json"), JSON.stringify({ ...identity, runId, cells, shard }));
    const mine = (line: { cellId?: string }) =>
      line.cellId === undefined || owners.get(line.cellId) === index;
    for (const log of ["records", "trajectories", "tokens"]) {
      const lines = linesOf(join(source, `${log}.jsonl`));
      const episodes = new Set(cells.flatMap(({ episodeIds }) => episodeIds));
      const own = lines.filter((text) => {
        const line = JSON.parse(text) as { cellId?: string; episodeId?: string };
        return log === "tokens" ? episodes.has(line.episodeId ?? "") : mine(line);
      });
      if (own.length > 0)
        writeFileSync(join(directory, `${log}.jsonl`), own.map((line) => `${line}\n`).join(""));
    }
    for (const name of readdirSync(join(source, "evidence"))) {
      // What is not a cell's was found out once: the first part has it. Texts and servers are the same for all.
      const owner = owners.get(name) ?? 0;
      if (owner === index || name === "texts" || name === "servers")
        cpSync(join(source, "evidence", name), join(directory, "evidence", name), { recursive: true });
    }
    return directory;
  });
}

function linesOf(path: string): string[] {
  const bytes = existsSync(path)
    ? readFileSync(path)
    : existsSync(`${path}.zst`)
      ? zstdDecompressSync(readFileSync(`${path}.zst`))
      : Buffer.alloc(0);
  return bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
}
