import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../../bench/errors.ts";
import type { EpisodeRow } from "../../../bench/store/episode-columns.ts";
import { differing, filtered, readFilter, slowest } from "../../../bench/view/lists/list-filter.ts";
import { rowOf } from "../row-builder.ts";

const read = (query: string) => readFilter(new URLSearchParams(query));
const ids = (rows: readonly EpisodeRow[], query: string) =>
  filtered(rows, read(query)).map(({ episodeId }) => episodeId);

/** Two arms at one load: in the gateway task 1 fails, task 2 has another reward, and task 10 does not end in time. */
const rows = [
  rowOf({ episodeId: "a1", taskId: "1", seconds: 3 }),
  rowOf({ episodeId: "a2", taskId: "2", reward: 0, seconds: 1 }),
  rowOf({ episodeId: "a3", taskId: "10", reward: 0.5, seconds: 2 }),
  rowOf({
    episodeId: "b1",
    arm: "gateway",
    taskId: "1",
    status: "failed",
    failure: "engine",
    reward: null,
    promptTokens: null,
    seconds: 9,
  }),
  rowOf({ episodeId: "b2", arm: "gateway", taskId: "2", reward: 0.1 + 0.2, seconds: 5, promptTokens: 900 }),
  rowOf({ episodeId: "b3", arm: "gateway", taskId: "10", reward: 0.5, status: "timed-out", seconds: 4 }),
];

test.each([
  ["", "a1 a2 a3 b1 b2 b3"],
  ["status=&task=&page=", "a1 a2 a3 b1 b2 b3"],
  ["status=failed", "b1"],
  ["status=timed-out", "b3"],
  ["failure=engine", "b1"],
  ["failure=gateway", ""],
  ["arm=gateway", "b1 b2 b3"],
  ["cell=c1-r0-raw", "a1 a2 a3"],
  ["reward=0", "a2"],
  ["reward=1", "a1"],
  ["reward=0.3", "b2"],
  ["reward=<0.5", "a2 b2"],
  ["reward=>=0.5&arm=raw", "a1 a3"],
  ["reward=partial", "a3 b2 b3"],
  ["reward=none", "b1"],
  // Exactly so where a task is called so: task 1 is not task 10.
  ["task=1", "a1 b1"],
  ["task=library/10", "a3 b3"],
  ["task=LIBR", "a1 a2 a3 b1 b2 b3"],
  ["task=b2", "b2"],
  ["slow=4", "b1 b2 b3"],
  ["slow=4s", "b1 b2 b3"],
  // One of each cell; the failed one took longest and is none.
  ["slow=cell", "a1 b2"],
  ["differs=1", "a1 a2 a3 b1 b2 b3"],
  ["differs=1&arm=raw&reward=0", "a2"],
  ["sort=-end", "b3 b2 b1 a3 a2 a1"],
  ["sort=seconds", "a2 a3 a1 b3 b2 b1"],
  ["sort=-seconds", "b1 b2 b3 a1 a3 a2"],
  ["sort=task", "a1 b1 a2 b2 a3 b3"],
  ["sort=reward", "a2 b2 a3 b3 a1 b1"],
  // Absent is not zero: last in either direction.
  ["sort=-reward", "a1 a3 b3 b2 a2 b1"],
  ["sort=-tokens&arm=gateway", "b2 b3 b1"],
])("%s", (query, expected) => expect(ids(rows, query).join(" ")).toBe(expected));

test("ends that are alike do not differ: products of floats, other times and tokens, another trial", () => {
  const alike = [
    rowOf({ episodeId: "a", reward: 0.3 }),
    rowOf({ episodeId: "b", arm: "gateway", reward: 0.1 + 0.2, seconds: 7, promptTokens: 1 }),
    rowOf({ episodeId: "c", arm: "gateway", reward: 0, trial: 1 }),
    rowOf({ episodeId: "d", arm: "gateway", reward: 0, load: "closed:4" }),
    rowOf({ episodeId: "e", arm: "gateway", reward: 0, repetition: 1 }),
    rowOf({ episodeId: "f", arm: "gateway", reward: 0, domain: "airline" }),
  ];
  expect(ids(alike, "differs=1")).toEqual([]);
});

test.each([
  "status=lost",
  "status=failed&status=completed",
  "reward=much",
  "slow=soon",
  "slow=-1",
  "differs=no",
  "sort=luck",
  "page=0",
  "page=-1",
  "page=1.5",
  "page=two",
  "fialed=1",
])("%s is refused: a list that leaves it out would look like the filtered one", (query) =>
  expect(() => read(query)).toThrow(ConfigError),
);

const anyRow = fc.record({
  arm: fc.constantFrom("raw", "gateway"),
  taskId: fc.constantFrom("1", "2", "3"),
  trial: fc.nat(1),
  status: fc.constantFrom("completed" as const, "failed" as const, "timed-out" as const),
  reward: fc.constantFrom(null, 0, 0.5, 1),
  seconds: fc.nat(9),
});

test("a filter never invents, loses or doubles an episode, and every sort has the same ones", () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 80 }), (facts) => {
      const some = facts.map((fact, at) => rowOf({ ...fact, episodeId: String(at) }));
      const all = ids(some, "");
      const byReward = ["0", "1", "partial", "none"].flatMap((reward) => ids(some, `reward=${reward}`));
      expect(byReward.toSorted()).toEqual(all.toSorted());
      for (const sort of ["end", "seconds", "tokens", "reward", "task"])
        for (const turn of ["", "-"])
          expect(ids(some, `sort=${turn}${sort}`).toSorted()).toEqual(all.toSorted());
      for (const row of differing(some)) expect(some).toContain(row);
      for (const members of Map.groupBy(some, ({ cellId }) => cellId).values())
        expectSlowest(slowest(some), members);
    }),
  );
});

/** A twentieth, rounded up, of those that did not fail, and none that took less time than one that is left out. */
function expectSlowest(slow: ReadonlySet<EpisodeRow>, cell: readonly EpisodeRow[]): void {
  const whole = cell.filter(({ status }) => status !== "failed");
  const [inside, outside] = [whole.filter((row) => slow.has(row)), whole.filter((row) => !slow.has(row))];
  const seconds = (row: EpisodeRow) => row.endedNs - row.startedNs;
  expect(inside).toHaveLength(Math.ceil(whole.length / 20));
  expect(Math.min(...inside.map(seconds))).toBeGreaterThanOrEqual(Math.max(...outside.map(seconds)));
}
