import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bestPairs } from "../../../suites/tool-use/scoring/best-pairs.ts";
import { matchCalls } from "../../../suites/tool-use/scoring/match-calls.ts";
import { parameterFacts } from "../../../suites/tool-use/tools/definitions.ts";
import { aCall, aCase } from "./a-case.ts";

const factsOf = parameterFacts([]);
const order = (productId: number, quantity: number) => ({ product_id: productId, quantity });
const expected = (...calls: readonly (readonly [tool: string, params: object])[]) =>
  calls.map(([tool, params]) => ({ tool, params: params as never, fails: false }));

test("calls are paired by tool and by what fits best, whatever their order", () => {
  const task = aCase({
    expected: expected(["create_order", order(1, 2)], ["create_order", order(3, 4)]),
    inOrder: false,
  });
  const calls = [aCall("create_order", order(3, 4)), aCall("create_order", order(1, 2))];
  const { matched, extra, inFull } = matchCalls(task, calls, factsOf);
  expect(matched.map(({ at, parameters }) => [at, parameters?.right, parameters?.total])).toEqual([
    [1, 2, 2],
    [0, 2, 2],
  ]);
  expect([extra, inFull]).toEqual([[], true]);
  expect(matchCalls({ ...task, inOrder: true }, calls, factsOf).inFull).toBe(false);
});

test("a wrong try before the right call is an extra one, and an injected error is nobody's", () => {
  const task = aCase({ expected: expected(["read_file", { path: "a" }]) });
  const wrong = [aCall("read_file", { path: "b" }, "failed"), aCall("read_file", { path: "./a" })];
  expect(matchCalls(task, wrong, factsOf)).toMatchObject({ extra: [0], inFull: true });
  const injected = [aCall("read_file", { path: "a" }, "injected"), aCall("read_file", { path: "a" })];
  const { matched, extra, inFull } = matchCalls(task, injected, factsOf);
  expect([matched[0]?.at, extra, inFull]).toEqual([1, [], true]);
  const gaveUp = matchCalls(task, injected.slice(0, 1), factsOf);
  expect([gaveUp.matched[0]?.at, gaveUp.extra, gaveUp.inFull]).toEqual([0, [], false]);
});

test.for([
  { given: { product_id: 5, quantity: 3 }, wrong: [] },
  { given: { quantity: 3, product_id: 5, express: false }, wrong: [] },
  { given: { product_id: "5", quantity: 3 }, wrong: ["product_id"] },
  { given: { product_id: 5 }, wrong: ["quantity"] },
  { given: { product_id: 5, quantity: 3, express: true }, wrong: ["express"] },
  { given: { product_id: 5, quantity: 3, color: "red" }, wrong: ["color"] },
  { given: '{"product_id": 5, "quantity": ', wrong: ["product_id", "quantity"] },
  { given: "[5, 3]", wrong: ["product_id", "quantity"] },
])("$given: wrong are $wrong", ({ given, wrong }) => {
  const task = aCase({ expected: expected(["create_order", order(5, 3)]) });
  const { matched } = matchCalls(task, [aCall("create_order", given)], factsOf);
  expect(matched[0]?.parameters?.wrong).toEqual(wrong);
});

test("a call that is to fail has to", () => {
  const task = aCase({ expected: [{ tool: "get_product", params: { product_id: 99 }, fails: true }] });
  const inFull = (["ok", "failed", "injected", "refused"] as const).map(
    (outcome) => matchCalls(task, [aCall("get_product", { product_id: 99 }, outcome)], factsOf).inFull,
  );
  expect(inFull).toEqual([false, true, false, false]);
});

/** All ways to pair, for tables small enough. */
function bestByTrying(
  rows: readonly (readonly (number | null)[])[],
  taken: ReadonlySet<number> = new Set(),
): number {
  const [row, ...rest] = rows;
  if (row === undefined) return 0;
  const without = bestByTrying(rest, taken);
  return row.reduce<number>((best, value, at) => {
    if (value === null || taken.has(at)) return best;
    return Math.max(best, value + bestByTrying(rest, new Set([...taken, at])));
  }, without);
}

test("no other pairing is worth more", () => {
  const cell = fc.option(fc.integer({ min: 1, max: 50 }), { nil: null });
  const table = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 5 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      }),
    );
  fc.assert(
    fc.property(table, (rows) => {
      const places = bestPairs(rows);
      const taken = places.filter((place) => place !== null);
      expect(new Set(taken).size).toBe(taken.length);
      const worth = places.reduce<number>(
        (sum, place, row) => sum + (place === null ? 0 : (rows[row]?.[place] ?? Number.NaN)),
        0,
      );
      expect(worth).toBe(bestByTrying(rows));
    }),
  );
});

test("a model that calls a thousand times is paired in no time", () => {
  const task = aCase({ expected: expected(["read_file", { path: "a" }], ["read_file", { path: "b" }]) });
  const calls = Array.from({ length: 1000 }, (_, at) =>
    aCall("read_file", { path: at === 700 ? "a" : at === 900 ? "b" : "x" }),
  );
  const { matched, extra, inFull } = matchCalls(task, calls, factsOf);
  expect([matched.map(({ at }) => at), extra.length, inFull]).toEqual([[700, 900], 998, true]);
});
