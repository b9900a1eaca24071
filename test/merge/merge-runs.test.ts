import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { mergeRuns } from "../../bench/merge/merge-runs.ts";
import { finishedEpisodes, progressOf } from "../../bench/store/progress.ts";
import { readRun, readTrajectories } from "../../bench/store/read-run.ts";
import { readRecordedTokens } from "../../bench/store/recorded-tokens.ts";
import { wholePlan, writeShard, type BuiltShard, type Fate } from "./shard-builder.ts";

const scratch = mkdtempSync(join(tmpdir(), "tollgate-merge-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const fresh = () => mkdtempSync(join(scratch, "case-"));
const now = "2026-11-21T13:00:00.000Z";

const fate = fc.constantFrom<Fate>("done", "done", "failed", "again", "cancelled-first", "open");
const shards = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, index) =>
      fc.record({
        index: fc.constant(index),
        count: fc.constant(count),
        fates: fc.array(fate, { minLength: 6, maxLength: 6 }),
        compressed: fc.subarray<"trajectories" | "tokens">(["trajectories", "tokens"]),
        torn: fc.boolean(),
        ended: fc.boolean(),
      }),
    ),
  ),
);

const isOpen = ({ fates = [] }: BuiltShard) => fates.includes("open");

test("every episode that a shard finished is in the merged run once, with its record, its trajectory and its tokens", async () => {
  await fc.assert(
    fc.asyncProperty(shards, fc.nat(), async (built, turn) => {
      const folder = fresh();
      const directories = built.map((one) => writeShard(folder, one));
      const before = directories.map(contentOf);
      const turned = directories.map((_, at) => directories[(at + turn) % directories.length] ?? "");
      const out = join(folder, "merged");
      const merged = await mergeRuns(turned, { out, partial: true, now });

      expect(directories.map(contentOf)).toEqual(before);
      const run = await readRun(out);
      expect(run.identity.cells).toEqual(wholePlan(built.length));
      const runs = await Promise.all(directories.map(readRun));
      const wanted = runs.flatMap(({ records }) => [...finishedEpisodes(records)]);
      expect([...finishedEpisodes(run.records)]).toEqual(wanted);
      expect(merged).toMatchObject({ shards: built.length, episodes: wanted.length });
      const whole = built.every((one) => !isOpen(one) && one.ended);
      expect(progressOf(run, false).state).toBe(whole ? "complete" : "interrupted");

      const attempts = runs.flatMap(({ records }) =>
        records.flatMap((record) => (record.type === "episode" ? [record.attemptKey ?? ""] : [])),
      );
      const trajectories: string[] = [];
      for await (const { trajectory } of readTrajectories(out)) trajectories.push(trajectory.attemptKey);
      expect(trajectories).toEqual(attempts);
      const tokens: string[] = [];
      for await (const { recorded } of readRecordedTokens(out)) tokens.push(recorded.attemptKey);
      expect(tokens).toEqual(attempts);
    }),
    { numRuns: 40 },
  );
});

test("the order in which runs are given makes no difference", async () => {
  const folder = fresh();
  const directories = [0, 1, 2].map((index) => writeShard(folder, { index, count: 3 }));
  const [one, other] = [join(folder, "one"), join(folder, "other")];
  await mergeRuns(directories, { out: one, partial: false, now });
  await mergeRuns(directories.toReversed(), { out: other, partial: false, now });
  const text = (directory: string) =>
    ["run.json", "records.jsonl", "trajectories.jsonl"].map((name) =>
      readFileSync(join(directory, name), "utf8").replace(/"runId": "(one|other)"/, ""),
    );
  expect(text(one)).toEqual(text(other));
});

test("a shard that was measured on another kind of machine is named, and a tool knows that the run was merged", async () => {
  const folder = fresh();
  const host = {
    ...(await readRun(writeShard(folder, { index: 0, count: 2 }))).identity.host,
    cpuModel: "another",
  };
  writeShard(folder, { index: 1, count: 2, identity: { host } });
  const out = join(folder, "merged");
  const directories = readdirSync(folder).map((name) => join(folder, name));
  await mergeRuns(directories, { out, partial: false, now });
  const { identity } = await readRun(out);
  expect(identity.shard).toBeUndefined();
  expect(identity.argv[0]).toBe("merge");
  expect(identity.merged?.shards.map((shard) => shard.host)).toEqual([
    "linux x64, 2 x a processor, 7 GiB",
    "linux x64, 2 x another, 7 GiB",
  ]);
});

test("what each shard was warned of stands in the merged run once, and that they ran under different limits", async () => {
  const folder = fresh();
  const shard = (index: number, warnings: string[], callSeconds: number) =>
    writeShard(folder, {
      index,
      count: 2,
      identity: { warnings, resolved: { name: "x", limits: { callSeconds } } },
    });
  const directories = [shard(0, ["both", "first"], 60), shard(1, ["both", "second"], 600)];
  const out = join(folder, "merged");
  await mergeRuns(directories, { out, partial: false, now });
  expect((await readRun(out)).identity.warnings).toEqual([
    "both",
    "first",
    "second",
    "Shards ran under different limits, by which episodes fail: limits.callSeconds is 60 in shard 0, 600 in shard 1.",
  ]);
});

/** Sum of every file below a folder. */
function contentOf(directory: string): string {
  const hash = createHash("sha256");
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hash.update(path).update(readFileSync(path));
  }
  return hash.digest("hex");
}

test("tokens are compressed as in a sweep that ended, and only then", async () => {
  const folder = fresh();
  const whole = writeShard(folder, { index: 0, count: 1 });
  const out = join(folder, "merged");
  await mergeRuns([whole], { out, partial: false, now });
  expect(existsSync(join(out, "tokens.jsonl"))).toBe(false);
  expect(zstdDecompressSync(readFileSync(join(out, "tokens.jsonl.zst")))).toEqual(
    readFileSync(join(whole, "tokens.jsonl")),
  );
});
