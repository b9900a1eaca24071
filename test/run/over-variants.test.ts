import { expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { experimentSchema } from "../../bench/config/experiment.ts";
import { StartError } from "../../bench/errors.ts";
import { expandCells } from "../../bench/plan/cells.ts";
import { overVariants, stretchesOf, type VariantStretch } from "../../bench/run/over-variants.ts";
import type { PlannedCellRun } from "../../bench/run/remaining-work.ts";
import type { RunOutcome } from "../../bench/run/run-outcome.ts";

const episode = {
  episodeId: "0123456789abcdef",
  task: { taskId: "1", trial: 0, seed: 1, facts: { domain: "library" } },
};

/** Cells of three repetitions of a and b; of those that are named nothing is left to do. */
function cells(done: readonly string[] = []): readonly PlannedCellRun[] {
  const experiment = experimentSchema(sections).parse({
    name: "x",
    stack: { kind: "embedded" },
    workload: { domain: "library" },
    arms: [{ kind: "raw" }],
    sweep: { concurrency: [1], repetitions: 3, variants: { a: {}, b: {} } },
  });
  return expandCells(experiment).map((cell) => ({
    cell,
    segmentId: "s0",
    remaining: done.includes(cell.cellId) ? [] : [episode],
  }));
}

const complete: RunOutcome = { reason: "complete" };

/** Measures by a table of what each stretch ends with; the last of it ends all further ones. */
async function run(
  ends: readonly (RunOutcome | Error)[],
  given: { readonly cells?: readonly PlannedCellRun[]; readonly stopAfter?: number } = {},
) {
  const measured: VariantStretch[] = [];
  const told: string[] = [];
  const outcome = await overVariants(stretchesOf(given.cells ?? cells()), {
    admits: () => measured.length < (given.stopAfter ?? Infinity),
    tell: (line) => told.push(line),
    measure: (stretch) => {
      measured.push(stretch);
      const end = ends[Math.min(measured.length, ends.length) - 1] ?? complete;
      return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
    },
  });
  return { outcome, told, order: measured.map(({ variant }) => variant) };
}

test("the engine is another one only where the variant changes, also across repetitions", () => {
  const stretches = stretchesOf(cells());
  expect(
    stretches.map(({ variant, cells: own }) => [variant, own.map(({ cell }) => cell.repetition)]),
  ).toEqual([
    ["a", [0]],
    ["b", [0, 1]],
    ["a", [1, 2]],
    ["b", [2]],
  ]);
});

test("what is done needs no engine", () => {
  const left = stretchesOf(cells(["c1-r0-b--raw", "c1-r1-b--raw"]));
  expect(left.map(({ variant }) => variant)).toEqual(["a", "b"]);
  expect(stretchesOf([])).toEqual([]);
});

test("all variants measured is complete", async () => {
  expect(await run([complete])).toEqual({ outcome: complete, told: [], order: ["a", "b", "a", "b"] });
});

test("a variant that does not start is given up for good, and the others are measured", async () => {
  const { outcome, order, told } = await run([
    complete,
    new StartError("agent engine", "no memory left"),
    complete,
  ]);
  expect(order).toEqual(["a", "b", "a"]);
  expect(outcome).toEqual({ reason: "failed", message: "Variant b: no memory left", exitCode: 3 });
  expect(told.join()).toContain("variant b is given up: no memory left");
});

test("where nothing starts, what the first said is the run's error", async () => {
  await expect(run([new StartError("agent engine", "no daemon")])).rejects.toThrow("no daemon");
});

test("a bug is no variant's fault", async () => {
  await expect(run([complete, new TypeError("undefined is no function")])).rejects.toThrow(TypeError);
});

test("an engine that died in one variant ends no other, and the run has failed", async () => {
  const { outcome, order } = await run([{ reason: "failed", message: "engine ended" }, complete]);
  expect(order).toEqual(["a", "b", "a", "b"]);
  expect(outcome).toEqual({ reason: "failed", message: "Variant a: engine ended" });
});

test("nothing begins after somebody asked to stop", async () => {
  const { outcome, order } = await run([complete, { reason: "interrupted" }], { stopAfter: 2 });
  expect({ outcome, order }).toEqual({ outcome: { reason: "interrupted" }, order: ["a", "b"] });
});

test("a start that was stopped with the run is no fault of the variant", async () => {
  const stopped = run([complete, new StartError("agent engine", "aborted")], { stopAfter: 2 });
  await expect(stopped).rejects.toThrow("aborted");
});

test("a cell that was left for its own time is no reason to leave out other variants", async () => {
  const { outcome, order } = await run([{ reason: "interrupted" }, complete]);
  expect(order).toEqual(["a", "b", "a", "b"]);
  expect(outcome).toEqual({ reason: "interrupted" });
});
