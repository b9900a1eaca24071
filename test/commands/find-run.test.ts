import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { invoke } from "./invoke.ts";
import { buildAttempt, buildEpisode, buildIdentity, plannedCell, runStarted } from "../store/run-builder.ts";

const folder = new TemporaryFolder();
const runs = join(folder.path, "elsewhere");
const cell = plannedCell("raw", 1);
const resolved = {
  name: "laptop",
  workload: { kind: "tau2", domain: "library", data: "openclaw-tau2/data" },
};
const identity = buildIdentity({ cells: [cell], resolved });
beforeAll(async () => {
  await using run = await RunDirectory.create(runs, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  await run.appendEpisode(buildEpisode(cell, 0), buildAttempt());
});
afterAll(() => folder[Symbol.dispose]());

test.each([
  ["report RUN --runs RUNS --format json", 0],
  ["inspect RUN --runs RUNS", 0],
  [`export RUN --runs RUNS -o ${join(folder.path, "exported")}`, 0],
  [`pack RUN --runs RUNS -o ${join(folder.path, "packed.tar.gz")}`, 0],
  // Found, and refused, because this run knows no sums of its data.
  ["judge RUN --runs RUNS --url http://127.0.0.1:9 --model m", 5],
  ["tau2 regrade RUN --runs RUNS", 5],
  ["status RUN --runs RUNS", 0],
  ["status RUN --out RUNS", 0],
  ["compare RUN RUN --runs RUNS", 0],
])("%s finds the run by its name and as @last", async (line, code) => {
  for (const run of [identity.runId, "@last"]) {
    const words = line.split(" ").map((word) => (word === "RUN" ? run : word === "RUNS" ? runs : word));
    const { stderr, ...ended } = await invoke(
      words.map((word) => word.replace(/exported|packed/, `$&-${run}`)),
    );
    expect([
      ended.code,
      stderr.includes("is not a run directory"),
      stderr.includes("There is no run"),
    ]).toEqual([code, false, false]);
  }
});
