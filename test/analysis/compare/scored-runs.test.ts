import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareRuns } from "../../../bench/analysis/compare/compare-runs.ts";
import { parseThreshold } from "../../../bench/analysis/compare/threshold.ts";
import { comparisonHead } from "../../../bench/report/tables/comparison-document.ts";
import type { RunJson } from "../../../bench/store/run-json.ts";
import { writeTasksRun, type TaskValues } from "../../suites/tasks/export/tasks-run.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-compare-scores-"));
});
afterAll(() => rm(scratch, { recursive: true }));

const tasks = (values: Readonly<Record<string, number>>): readonly TaskValues[] =>
  Object.entries(values).map(([id, value]) => ({ suite: "files", id, values: [value, value] }));

let runs = 0;
async function runOf(
  values: Readonly<Record<string, number>>,
  facts: { readonly suite?: string; readonly profile?: string; readonly hashes?: RunJson["hashes"] } = {},
): Promise<string> {
  const { suite = "1.0.0", profile = "1", hashes = { experiment: "1" } } = facts;
  return writeTasksRun(join(scratch, String((runs += 1))), {
    tasks: tasks(values),
    arms: ["raw"],
    identity: {
      runId: `run-${runs}`,
      hashes,
      workload: {
        suite: { name: "own", version: suite },
        profile: { format: "agentbench", version: profile },
      },
    },
  });
}

const quantity = (comparison: Awaited<ReturnType<typeof compareRuns>>, name: string) =>
  comparison.quantities.find((one) => one.quantity === name);

test("only the tasks of both runs are compared, by every score and by what passed, and that is said", async () => {
  const before = await runOf({ a: 0.5, b: 0.7, c: 1 });
  const after = await runOf({ a: 0.6, b: 0.8, d: 0 });
  const comparison = await compareRuns({ before, after }, [parseThreshold("score_layer0 < -0.05")]);
  expect(quantity(comparison, "reward")).toMatchObject({ units: 2 });
  expect(quantity(comparison, "reward")?.difference?.value).toBeCloseTo(0.1, 12);
  expect(quantity(comparison, "score_layer0")?.difference?.value).toBeCloseTo(0.1, 12);
  expect(quantity(comparison, "passed")).toMatchObject({ before: 0.5, after: 1 });
  expect(comparison.cautions).toEqual([
    "only A has files/c: compared are the 2 tasks of both",
    "only B has files/d: compared are the 2 tasks of both",
  ]);
  expect(comparison.thresholds).toMatchObject([{ status: "kept" }]);
  expect(comparisonHead(comparison)).toContain(
    "warning: only A has files/c: compared are the 2 tasks of both",
  );
});

test("another profile, another version of the suite and other files of a task are warned of, and not refused", async () => {
  const before = await runOf({ a: 0.5 }, { hashes: { "tasks/a": "1", "tasks/b": "1" } });
  const after = await runOf({ a: 0.5 }, { suite: "1.1.0", profile: "2", hashes: { "tasks/a": "2" } });
  const { cautions, changes } = await compareRuns({ before, after }, []);
  expect(cautions).toEqual([
    expect.stringContaining("scored by different profiles (A agentbench 1, B agentbench 2)"),
    "different suites of tasks (A own 1.0.0, B own 1.1.0)",
    "1 tasks or files of the same name are not the same in both runs: tasks/a",
  ]);
  expect(changes.filter(({ unlike }) => unlike)).toEqual([]);
});

test("of equal runs nothing is warned", async () => {
  const { cautions } = await compareRuns(
    { before: await runOf({ a: 0.5 }), after: await runOf({ a: 0.9 }) },
    [],
  );
  expect(cautions).toEqual([]);
});
