import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lastLine, slowStack, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, processesOf, readRecords } from "./tollgate-process.ts";

const slow = { stack: slowStack, arms: [{ kind: "raw" }] };

function supervisorOf(run: string): number | undefined {
  const isSupervisor = (pid: number) =>
    existsSync(`/proc/${pid}/cmdline`) &&
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("supervisor/program.ts");
  return processesOf(run.slice(run.lastIndexOf("/") + 1)).find(isSupervisor);
}

test("a supervisor that is killed is replaced, and costs nothing; a driver that is killed behind it leaves nothing", async () => {
  using place = new Workplace({ ...slow, workload: { domain: "library", tasks: { count: 2 } } });
  await using driver = place.start(...unchecked);
  const run = await driver.runDirectory();
  await driver.until(() => driver.stderr.includes("cell 1/1"), { what: "a first cell" });
  process.kill(supervisorOf(run) ?? 0, "SIGKILL");
  const ended = await driver.finished();
  expectExit(ended, 0);
  expect(lastLine(ended)).toBe(run);
  expect(ended.stderr).toMatch(/warning: The supervisor ended/);
  expect(episodesOf(run)).toHaveLength(2);
  expect(readRecords(run).at(-1)).toMatchObject({ type: "run-ended", reason: "complete", exitCode: 0 });
  expect(existsSync(join(run, "report", "report.json"))).toBe(true);
  expect(place.scratch()).toEqual([]);

  // A sweep that does not end before the next supervisor has started.
  place.write({ ...slow, workload: { domain: "library", tasks: { count: 6 } }, sweep: { concurrency: [1] } });
  await using second = place.start(...unchecked);
  const other = await second.runDirectory();
  await second.until(() => second.stderr.includes("cell 1/1"), { what: "a first cell" });
  const first = supervisorOf(other);
  process.kill(first ?? 0, "SIGKILL");
  await second.until(() => ![undefined, first].includes(supervisorOf(other)), { what: "another supervisor" });
  process.kill(second.child.pid ?? 0, "SIGKILL");
  await second.finished();
  const idOf = other.slice(other.lastIndexOf("/") + 1);
  await expect.poll(() => [processesOf(idOf), place.scratch()]).toEqual([[], []]);
});
