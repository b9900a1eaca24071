import { expect, test } from "vitest";
import { expectEveryEpisodeOnce, killAndResume } from "./killed-driver.ts";
import { fastEngine, Workplace } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, readRecords, tollgate } from "./tollgate-process.ts";

test("twice kill -9 and --resume: every planned episode once, nothing left running", async () => {
  const engine = { ...fastEngine, decodeStepMs: 4 };
  using place = new Workplace({
    stack: { kind: "embedded", agent: engine, user: engine },
    workload: { domain: "library", tasks: { count: 8 }, trials: 2 },
    sweep: { concurrency: [2] },
  });
  const { run, sweep } = await killAndResume(place, { kills: 2, seed: 20_261_121, startMs: 3_000 });
  expectEveryEpisodeOnce(run);
  expect(episodesOf(run).map(({ reward }) => reward)).toEqual(Array.from({ length: 32 }, () => 1));

  // A killed segment has no closing snapshot: its episodes count, its rates do not, and the exit code says so.
  expect(readRecords(run).filter(({ type }) => type === "run-started")).toHaveLength(3);
  expectExit(sweep, 1);
  expect(Object.values(cellSummaries(run)).map(({ verdict }) => verdict)).toContain("interrupted");

  const again = await place.sweep("--resume", run, "--redo", "interrupted");
  expectExit(again, 0);
  const bytes = await tollgate(["inspect", run, "--bytes"]);
  expectExit(bytes, 0);
}, 600_000);
