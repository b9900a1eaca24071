import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunJson } from "../../bench/store/run-json.ts";
import { divideRun } from "../merge/divide-run.ts";
import { expectEveryEpisodeOnce } from "./killed-driver.ts";
import { reportOf } from "./shard-report.ts";
import { lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit, readRecords, tollgate } from "./tollgate-process.ts";

test("shards merged have, byte for byte, the report of the sweep that they were taken from", async () => {
  using place = new Workplace({ sweep: { concurrency: [1, 2, 3], repetitions: 2 } });
  const sweep = await place.sweep(...unchecked);
  const whole = lastLine(sweep);
  divideRun(whole, join(place.path, "parts"), 3);
  const out = join(place.path, "merged");
  const merge = await tollgate(["merge", join(place.path, "parts"), "-o", out, "-q"], place.environment);
  expectExit(merge, sweep.code ?? 0);
  expect(merge.stdout).toBe(`${out}\n`);
  expectEveryEpisodeOnce(out);
  // The sweep wrote its report before its logs were closed.
  await tollgate(["report", whole], place.environment);
  expect(reportOf(out)).toBe(reportOf(whole));
  expectExit(await tollgate(["verify", out], place.environment), 0);
  const again = await tollgate(["resume", out], place.environment);
  expectExit(again, 5);
  expect(again.stderr).toContain("was merged of 3 shards");
});

test("a shard runs its cells alone, is gone on with by what it is, and is refused as another one", async () => {
  using place = new Workplace({ sweep: { concurrency: [1, 2] } });
  const first = await place.sweep(...unchecked, "--shard", "1/2");
  const run = lastLine(first);
  const { cells } = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as {
    cells: { cellId: string }[];
  };
  expect(cells.map(({ cellId }) => cellId)).toEqual(["c2-r0-raw", "c2-r0-gateway"]);
  const again = await place.sweep(...unchecked, "--shard", "1/2", "--go-on");
  expect(again.stderr).toContain(`nothing is left to do in ${run}`);
  expect(lastLine(again)).toBe(run);
  const another = inRunJson(run, ({ versions }) => ({ versions: { ...versions, tollgate: "0.0.9" } }));
  withoutLastEpisode(run);
  const mixed = await tollgate(["resume", run], place.environment);
  expectExit(mixed, 5);
  expect(mixed.stderr).toContain(`tollgate: 0.0.9 then, ${another.versions["tollgate"]} now`);
  inRunJson(run, () => another);
  const resumed = await tollgate(["resume", run, ...unchecked], place.environment);
  expect(resumed.stderr).not.toContain("other programs");
  const started = readRecords(run).filter(({ type }) => type === "run-started");
  expect(started).toMatchObject([{ versions: another.versions }, { versions: another.versions }]);
  const other = await place.sweep("--shard", "0/2", "--resume", run);
  expectExit(other, 5);
  expect(other.stderr).toContain("is shard 1/2 by loads, and not shard 0/2 by loads");
  const alone = await tollgate(["merge", run, "-o", join(place.path, "merged")]);
  expectExit(alone, 2);
  expect(alone.stderr).toContain("shard 0/2 is missing (c1-r0-raw, c1-r0-gateway)");
  const split = await place.sweep("--split", "loads");
  expectExit(split, 2);
  expect(split.stderr).toContain("--split says how --shard I/N divides a sweep");
});

/** Changes what a run says of itself. @returns what it said before */
function inRunJson(run: string, how: (identity: RunJson) => Partial<RunJson>): RunJson {
  const path = join(run, "run.json");
  const identity = JSON.parse(readFileSync(path, "utf8")) as RunJson;
  writeFileSync(path, JSON.stringify({ ...identity, ...how(identity) }));
  return identity;
}

/** As if it had been killed before its last episode was recorded. */
function withoutLastEpisode(run: string): void {
  const path = join(run, "records.jsonl");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const last = lines.findLastIndex((line) => line.includes('"type":"episode"'));
  writeFileSync(
    path,
    lines
      .slice(0, last)
      .map((line) => `${line}\n`)
      .join(""),
  );
}
