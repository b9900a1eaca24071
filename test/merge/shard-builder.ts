import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import type { EpisodeRecord, RunRecord } from "../../bench/store/record.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { trajectoryOf } from "../../bench/store/trajectory.ts";
import { continued } from "../export/recorded-builder.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  segmentEnded,
  segmentStarted,
} from "../store/run-builder.ts";

/** How an episode went: `again` has a first result that another one replaced, `open` has none. */
export type Fate = "done" | "failed" | "again" | "cancelled-first" | "open";

export interface BuiltShard {
  readonly index: number;
  readonly count: number;
  /** Of each episode of its cells, in their order; what is not said is done. */
  readonly fates?: readonly Fate[];
  readonly identity?: Partial<RunJson>;
  /** Logs that are compressed. */
  readonly compressed?: readonly ("trajectories" | "tokens")[];
  /** Bytes behind the last whole line of each log, and a whole line without a record, as kill -9 leaves them. */
  readonly torn?: boolean;
  readonly ended?: boolean;
  /** Told apart from another run of the same shard. */
  readonly attempt?: string;
}

const perCell = 3;

/** The whole sweep of so many shards: a load each, straight and through a gateway. */
export function wholePlan(count: number): RunJson["cells"] {
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((load) => [
    plannedCell("raw", perCell, load),
    plannedCell("gateway", perCell, load),
  ]);
}

/** Writes the run directory of a shard by hand and returns its path. */
export function writeShard(folder: string, built: BuiltShard): string {
  const { index, count, fates = [], compressed = [], torn = false, ended = true, attempt = "a" } = built;
  const all = wholePlan(count);
  const cells = all.filter(({ concurrency }) => concurrency === index + 1);
  const runId = `laptop-20261121T12000${index}Z-00000${attempt}`;
  const identity = buildIdentity({
    runId,
    cells,
    shard: {
      index,
      count,
      by: "loads",
      plan: all.map(({ cellId, concurrency }) => ({ cellId, shard: (concurrency ?? 0) - 1 })),
    },
    ...built.identity,
  });
  const lines = linesOf(identity, { fates, attempt, ended });
  const directory = join(folder, runId);
  mkdirSync(join(directory, "evidence"), { recursive: true });
  writeFileSync(join(directory, "run.json"), JSON.stringify(identity));
  for (const [name, own] of Object.entries(lines)) {
    const orphan = name === "records" ? "" : `${lineOf(name, orphanOf(identity))}\n`;
    const text = own.map((line) => `${line}\n`).join("") + (torn ? `${orphan}{"v":1,"typ` : "");
    const path = join(directory, `${name}.jsonl`);
    if (compressed.some((log) => log === name)) writeFileSync(`${path}.zst`, zstdCompressSync(text));
    else writeFileSync(path, text);
  }
  return directory;
}

type Attempted = EpisodeRecord & { readonly attemptKey: string };

function lineOf(log: string, record: Attempted): string {
  const { attemptKey, episodeId } = record;
  if (log === "records") return JSON.stringify(record);
  if (log === "tokens") return JSON.stringify({ ...continued, episodeId, attemptKey });
  return JSON.stringify(trajectoryOf(record, buildAttempt(attemptKey)).trajectory);
}

function orphanOf({ cells }: RunJson): Attempted {
  const [cell] = cells;
  if (cell === undefined) throw new Error("a shard has a cell");
  return { ...buildEpisode(cell, 0, { segmentId: "s9" }), attemptKey: "orphan" };
}

function linesOf(
  identity: RunJson,
  {
    fates,
    attempt,
    ended,
  }: { readonly fates: readonly Fate[]; readonly attempt: string; readonly ended: boolean },
) {
  const logs = { records: [] as string[], trajectories: [] as string[], tokens: [] as string[] };
  const record = (one: RunRecord) => logs.records.push(JSON.stringify(one));
  const episode = (one: EpisodeRecord) => {
    const full = { ...one, attemptKey: `${one.episodeId}-${one.segmentId}-${one.status}-${attempt}` };
    for (const log of ["records", "trajectories", "tokens"] as const) logs[log].push(lineOf(log, full));
  };
  record(runStarted(identity));
  for (const [at, cell] of identity.cells.entries()) {
    record(segmentStarted(cell.cellId));
    const fateOf = (index: number) => fates[at * perCell + index] ?? "done";
    for (const index of cell.episodeIds.keys()) {
      const fate = fateOf(index);
      if (fate === "cancelled-first")
        episode(buildEpisode(cell, index, { status: "cancelled", reward: null }));
      if (fate === "failed")
        episode(
          buildEpisode(cell, index, {
            status: "failed",
            reward: null,
            failure: { class: "timeout", message: "late" },
          }),
        );
      else if (fate !== "open") episode(buildEpisode(cell, index, fate === "again" ? { reward: 0 } : {}));
    }
    record(segmentEnded(cell.cellId));
    const again = [...cell.episodeIds.keys()].filter((index) => fateOf(index) === "again");
    if (again.length === 0) continue;
    record(runStarted(identity, true));
    record(segmentStarted(cell.cellId, "s1"));
    for (const index of again) episode(buildEpisode(cell, index, { segmentId: "s1" }));
    record(segmentEnded(cell.cellId, { segmentId: "s1" }));
  }
  const reason = fates.includes("open") ? "interrupted" : "complete";
  if (ended)
    record({ v: 1, type: "run-ended", at: "2026-11-21T12:01:00.000Z", reason, exitCode: 0, error: null });
  return logs;
}
