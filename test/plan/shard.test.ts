import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { experimentSchema, type Experiment } from "../../bench/config/experiment.ts";
import { expandCells } from "../../bench/plan/cells.ts";
import { parseShard, type Shard, type ShardSplit } from "../../bench/plan/shard.ts";

const experiment = (changes: object): Experiment =>
  experimentSchema(sections).parse({
    name: "x",
    stack: { kind: "embedded" },
    workload: { domain: "library" },
    ...changes,
  });

const matrix = fc.record({
  concurrency: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 }),
  repetitions: fc.integer({ min: 1, max: 6 }),
  variants: fc.boolean().map((some) => (some ? { a: {}, b: { decodeStepMs: 9 } } : {})),
});
const divided = fc
  .tuple(matrix, fc.constantFrom<ShardSplit>("loads", "repetitions"))
  .chain(([sweep, by]) =>
    fc
      .integer({ min: 1, max: by === "loads" ? sweep.concurrency.length : sweep.repetitions })
      .map((count) => ({ sweep, by, count })),
  );

test("every cell is in one shard, no shard is empty, and what is compared stays together", () => {
  fc.assert(
    fc.property(divided, ({ sweep, by, count }) => {
      const { variants, ...rest } = sweep;
      const made = experiment({ sweep: Object.keys(variants).length > 0 ? sweep : rest });
      const shards = Array.from({ length: count }, (_, index) => expandCells(made, { index, count, by }));
      const names = (cells: readonly { readonly cellId: string }[]) => cells.map(({ cellId }) => cellId);
      expect(names(shards.flat()).toSorted()).toEqual(names(expandCells(made)).toSorted());
      expect(shards.every(({ length }) => length > 0)).toBe(true);
      const ownersOf = (key: "concurrency" | "repetition") =>
        Map.groupBy(
          shards.flatMap((cells, shard) => cells.map((cell) => ({ shard, value: cell[key] }))),
          ({ value }) => value,
        );
      for (const own of ownersOf(by === "loads" ? "concurrency" : "repetition").values())
        expect(new Set(own.map(({ shard }) => shard)).size).toBe(1);
      for (const cells of shards) expectAlternating(cells.map(({ arm }) => arm.name));
    }),
    { numRuns: 60 },
  );
});

/** Block after block of two arms, each in the opposite order of the one before, within a variant's stretch of a repetition. */
function expectAlternating(arms: readonly string[]): void {
  const blocks = arms.flatMap((arm, at) => (at % 2 === 0 ? [`${arm} ${arms[at + 1]}`] : []));
  expect(blocks.every((block) => /^(raw gateway|gateway raw)$/.test(block))).toBe(true);
  const [first] = blocks;
  expect(first).toBe("raw gateway");
}

test("a shard of one load turns the arms round from repetition to repetition, as a whole sweep does from load to load", () => {
  const made = experiment({ sweep: { concurrency: [1, 4], repetitions: 2 } });
  const cells = expandCells(made, { index: 1, count: 2, by: "loads" });
  expect(cells.map(({ cellId }) => cellId)).toEqual([
    "c4-r0-raw",
    "c4-r0-gateway",
    "c4-r1-gateway",
    "c4-r1-raw",
  ]);
});

test("names of cells have the digits of the whole sweep", () => {
  const made = experiment({ sweep: { concurrency: [1, 16] } });
  const [first] = expandCells(made, { index: 0, count: 2, by: "loads" });
  expect(first?.cellId).toBe("c01-r0-raw");
});

test("long loads are spread over the shards first", () => {
  const made = experiment({ sweep: { concurrency: [32, 16, 8, 4, 2, 1] } });
  const loads = [0, 1, 2].map((index) => [
    ...new Set(expandCells(made, { index, count: 3, by: "loads" }).map(({ concurrency }) => concurrency)),
  ]);
  expect(loads).toEqual([[1], [2], [32, 16, 8, 4]]);
});

const of = (text: string, completionIndex?: string) =>
  parseShard(text, { by: "loads", completionIndex }) satisfies Shard;

test.each([
  ["0/4", undefined, { index: 0, count: 4 }],
  ["3/4", "1", { index: 3, count: 4 }],
  ["4", "2", { index: 2, count: 4 }],
  ["/4", "2", { index: 2, count: 4 }],
  [" 1/2 ", undefined, { index: 1, count: 2 }],
])("--shard %s with JOB_COMPLETION_INDEX %s", (text, index, expected) => {
  expect(of(text, index)).toEqual({ ...expected, by: "loads" });
});

test.each([
  ["4/4", undefined, /no shard 4 among 4\. Write INDEX\/COUNT, counted from 0/],
  ["0/0", undefined, /no shard 0 among 0/],
  ["4", undefined, /JOB_COMPLETION_INDEX is not set/],
  ["4", "", /JOB_COMPLETION_INDEX is not set/],
  ["4", "x", /JOB_COMPLETION_INDEX is "x"/],
  ["4", "4", /no shard 4 among 4/],
  ["-1/4", undefined, /is no shard/],
  ["1/4/2", undefined, /is no shard/],
  ["1.5/4", undefined, /is no shard/],
  ["one", undefined, /is no shard/],
  ["", undefined, /is no shard/],
])("--shard %j with JOB_COMPLETION_INDEX %j is refused", (text, index, message) => {
  expect(() => of(text, index)).toThrow(message);
});

test.each([
  [
    { concurrency: [1, 4], repetitions: 8 },
    { count: 3, by: "loads" },
    /3 shards, and the sweep has 2 loads.*at most 2 shards.*--split repetitions/,
  ],
  [
    { concurrency: [1], repetitions: 1 },
    { count: 2, by: "loads" },
    /has 1 load:.*Use at most 1 shards, give sweep\.concurrency more\.$/,
  ],
  [
    { concurrency: [1, 2, 3], repetitions: 2 },
    { count: 3, by: "repetitions" },
    /has 2 repetitions: cells of one repetition.*--split loads/,
  ],
] as const)("more shards than there are things to divide: %j by %j", (sweep, { count, by }, message) => {
  expect(() => expandCells(experiment({ sweep }), { index: 0, count, by })).toThrow(message);
});

test("repetitions that depend on each other stay on one machine", () => {
  const made = experiment({ sweep: { concurrency: [1], repetitions: 2 }, variance: { maxCv: 0.1 } });
  expect(() => expandCells(made, { index: 0, count: 2, by: "repetitions" })).toThrow(/variance:/);
});
