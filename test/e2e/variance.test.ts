import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ReportModel } from "../../bench/report/model/report-model.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit, tollgate } from "./tollgate-process.ts";

const variance = { maxCv: 0.02, repetitionsMax: 4, of: ["e2e_mean"] };
const words = {
  agent: { kind: "chat" },
  workload: { kind: "echo", trials: 2 },
  arms: [{ kind: "raw" }],
  sweep: { concurrency: [1] },
};
const reportIn = (directory: string) =>
  JSON.parse(readFileSync(join(directory, "report/report.json"), "utf8")) as ReportModel;

test("an engine that grows slower is repeated up to the cap, and ends as unstable with exit code 1", async () => {
  // Each request makes all further ones half as slow again as the first was.
  const stack = {
    kind: "embedded",
    agent: { ...fastEngine, decodeStepMs: 4, faults: ["drift=50"] },
    user: fastEngine,
  };
  using place = new Workplace({ ...words, stack, variance });
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 1);
  expect(finished.stderr).toMatch(/repetition 4 of at most 4: e2e_mean of raw varies by \d/);
  const { cells, variations, totals } = reportIn(lastLine(finished));
  expect(cells.map(({ repetition }) => repetition)).toEqual([0, 1, 2, 3]);
  expect(totals.planned).toBe(totals.finished);
  const unstable = "unstable: e2e_mean varies by";
  for (const { reasons } of cells)
    expect(reasons.map(({ verdict, detail }) => `${verdict}: ${detail}`)).toContainEqual(
      expect.stringContaining(unstable),
    );
  expect(variations).toMatchObject([{ quantity: "e2e_mean", finding: "unstable", maxCv: 0.02 }]);
  const values = variations?.[0]?.values.map(({ value }) => value) ?? [];
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(finished.stdout).toContain("unstable");
  // The same figures by other code.
  expectExit(await tollgate(["verify", lastLine(finished)]), 0);
  // Nothing is left to do: the cap is reached.
  const again = await tollgate(["resume", lastLine(finished), ...unchecked]);
  expect(again.stderr).toContain("nothing is left to do");
});

test("repetitions that agree end at three, with exit code 0", async () => {
  using place = new Workplace({ ...words, variance: { ...variance, of: ["reward"] } });
  const finished = await place.sweep(...unchecked);
  expectExit(finished, 0);
  const { cells, variations } = reportIn(lastLine(finished));
  expect(cells).toHaveLength(3);
  expect(variations).toMatchObject([{ quantity: "reward", cv: 0, finding: "stable" }]);
});

test("variants and the rule of variance are refused together", async () => {
  using place = new Workplace({
    ...words,
    variance,
    sweep: {
      concurrency: [1],
      variants: { slow: { decodeStepMs: 5 }, fast: { decodeStepMs: 1 } },
    },
  });
  const finished = await place.sweep();
  expect(finished).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("set sweep.repetitions") as string,
  });
});
