import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lastLine, slowStack, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, processesOf, readRecords } from "./tollgate-process.ts";

function supervisorOf(run: string): number {
  const isSupervisor = (pid: number) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("supervisor/program.ts");
  const pid = processesOf(run.slice(run.lastIndexOf("/") + 1)).find(isSupervisor);
  if (pid === undefined) throw new Error("the run has no supervisor");
  return pid;
}

test("a supervisor that is killed costs neither episodes nor report; record and exit code say the same", async () => {
  using place = new Workplace({
    stack: slowStack,
    arms: [{ kind: "raw" }],
    workload: { domain: "library", tasks: { count: 2 } },
  });
  await using driver = place.start(...unchecked);
  const run = await driver.runDirectory();
  await driver.until(() => driver.stderr.includes("cell 1/1"), { what: "a first cell" });
  process.kill(supervisorOf(run), "SIGKILL");
  const ended = await driver.finished();
  expectExit(ended, 3);
  expect(lastLine(ended)).toBe(run);
  expect(ended.stderr).toMatch(/warning: The supervisor ended/);
  expect(ended.stderr).toMatch(/run `tollgate clean`/);
  expect(episodesOf(run)).toHaveLength(2);
  expect(readRecords(run).at(-1)).toMatchObject({ type: "run-ended", reason: "failed", exitCode: 3 });
  expect(existsSync(join(run, "report", "report.json"))).toBe(true);
  expect(place.scratch()).toEqual([]);
  // Nothing is left to do: the run is complete, and now it says so.
  const resumed = await place.sweep("--resume", run);
  expectExit(resumed, 0);
  expect(episodesOf(run)).toHaveLength(2);
}, 120_000);
