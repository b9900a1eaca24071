import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { finishedEpisodes } from "../../bench/store/progress.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { joinByHand } from "../merge/join-by-hand.ts";
import { reportOf } from "./shard-report.ts";
import { fastEngine, lastLine, slowStack, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, processesOf, readRecords, tollgate } from "./tollgate-process.ts";

const count = 4;
const shardOf = (index: number) => [...unchecked, "--shard", `${index}/${count}`, "--go-on"];

test("four shards at once, one killed with kill -9 and one whose engine dies: each goes on, and merged they are the whole sweep", async () => {
  using place = new Workplace({
    stack: slowStack,
    sweep: { concurrency: [1, 2, 3, 4] },
    workload: { domain: "library", tasks: { count: 4 } },
    limits: { failures: 0 },
  });
  {
    await using killed = place.start(...shardOf(0));
    await using failing = place.start(...shardOf(1));
    const others = [2, 3].map((index) => place.sweep(...shardOf(index)));
    const doomed = await killed.runDirectory(120_000);
    await killed.until(() => finishedIn(doomed) > 0, { what: "an episode", timeoutMs: 240_000 });
    killed.child.kill("SIGKILL");
    const broken = await failing.runDirectory(120_000);
    await failing.until(() => finishedIn(broken) > 0, { what: "an episode", timeoutMs: 240_000 });
    endEngine(broken);
    expect((await failing.finished()).code).not.toBe(0);
    for (const other of await Promise.all(others)) expect([0, 1]).toContain(other.code);

    // Two of four are not whole: what is missing is named, and nothing is left.
    const runs = [doomed, broken, ...(await Promise.all(others)).map(lastLine)];
    const early = await merge(place, runs, "early");
    expectExit(early.finished, 2);
    expect(early.finished.stderr).toContain(`tollgate resume ${doomed}`);
    expect(existsSync(early.out)).toBe(false);
  }
  for (const index of [0, 1]) {
    const again = await place.sweep(...shardOf(index));
    expect(again.stderr).toContain("going on with ");
  }
  const runs = await Promise.all(
    [0, 1, 2, 3].map(async (index) => lastLine(await place.sweep(...shardOf(index)))),
  );
  expect(new Set(runs).size).toBe(count);
  const { out, finished } = await merge(place, runs, "merged");
  expect([0, 1]).toContain(finished.code);
  // What the dead engine ended was recorded as failed and done again: what counts is there once.
  const results = [...finishedEpisodes(readRecords(out)).values()];
  const { cells } = JSON.parse(readFileSync(join(out, "run.json"), "utf8")) as RunJson;
  expect(results.map(({ episodeId }) => episodeId).toSorted()).toEqual(
    cells.flatMap(({ episodeIds }) => episodeIds).toSorted(),
  );
  expect(results.map(({ reward }) => reward)).toEqual(Array.from({ length: count * 2 * 4 }, () => 1));

  const undivided = joinByHand(runs, join(place.path, "undivided"));
  await tollgate(["report", undivided], place.environment);
  expect(reportOf(out)).toBe(reportOf(undivided));
  expectExit(await tollgate(["verify", out], place.environment), 0);
}, 900_000);

async function merge(place: Workplace, runs: readonly string[], name: string) {
  const out = join(place.path, name);
  return { out, finished: await tollgate(["merge", ...runs, "-o", out], place.environment) };
}

const finishedIn = (run: string) => (existsSync(join(run, "records.jsonl")) ? episodesOf(run).length : 0);

/** Ends the simulated engine of the agent as a crash does. */
function endEngine(run: string): void {
  const runId = run.slice(run.lastIndexOf("/") + 1);
  const engine = processesOf(runId).find((pid) => {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return words.includes("simulate") && words.includes("agent");
  });
  if (engine === undefined) throw new Error("no engine of the agent runs");
  process.kill(engine, "SIGKILL");
}

test("the commands of docs/scale.md", async () => {
  using place = new Workplace({
    stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
    sweep: { concurrency: [1, 2] },
  });
  const runs: string[] = [];
  for (const shard of ["0/2", "1/2"]) runs.push(lastLine(await place.sweep("--shard", shard, "-q")));
  const { out, finished } = await merge(place, runs, "whole");
  expectExit(finished, 0);
  expect(finished.stdout).toMatch(/complete, 8\/8 episodes/);
  expect(lastLine(finished)).toBe(out);
}, 300_000);
