import { expect, test } from "vitest";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, readRecords } from "./tollgate-process.ts";

test("a cell whose time is up is interrupted, the cells after it are run, and the run can go on", async () => {
  const hanging = { kind: "embedded", agent: { ...fastEngine, faults: ["hang"] }, user: fastEngine };
  using place = new Workplace({ stack: hanging, limits: { cellSeconds: 1, drainSeconds: 0.5 } });
  const stopped = await place.sweep(...unchecked);
  expectExit(stopped, 4);
  const run = lastLine(stopped);
  expect(episodesOf(run)).toEqual([]);
  const verdicts = Object.entries(cellSummaries(run)).map(([cell, { verdict }]) => [cell, verdict]);
  expect(verdicts).toEqual([
    ["c2-r0-raw", "interrupted"],
    ["c2-r0-gateway", "interrupted"],
  ]);
  expect(stopped.stderr.match(/reached limits\.cellSeconds/g)).toHaveLength(2);
  expect(readRecords(run).at(-1)).toMatchObject({ type: "run-ended", reason: "interrupted", exitCode: 4 });
});
