import { expect, test } from "vitest";
import { InnerEnds } from "../../bench/tap/inner-ends.ts";
import type { Exchange } from "../../bench/workload/exchange.ts";
import { exchange } from "../workload/exchange-builder.ts";

const nameless = { attemptKey: null };
const fault = (startedNs: number, changes: Partial<Exchange> = {}) =>
  exchange({ hop: "inner", arm: "gateway", status: 500, startedNs, endedNs: startedNs + 5, ...changes });
const all = (arm = "gateway") => ({ arm, fromNs: 0, toNs: 1_000 });
const startsOf = (ends: InnerEnds, during = all()) =>
  ends.take("a", during).map(({ startedNs }) => startedNs);

test("faults without a name are found by arm and time", () => {
  const ends = new InnerEnds(10);
  for (const at of [0, 20]) ends.ended({ ...nameless }, fault(at));
  ends.ended({ ...nameless }, fault(20, { arm: "another" }));
  expect(startsOf(ends, { arm: "gateway", fromNs: 1, toNs: 20 })).toEqual([20]);
  expect(startsOf(ends, all("another"))).toEqual([20]);
  expect(startsOf(ends, all("third"))).toEqual([]);
  expect(ends.take("a", null)).toEqual([]);
});

test.each<[string, Partial<Exchange>, boolean]>([
  ["a whole answer", { status: 200, incomplete: null }, false],
  ["a status", { status: 404 }, true],
  ["no status", { status: null, outcome: "upstream-failed" }, true],
  ["a cut", { status: 200, outcome: "upstream-truncated" }, true],
  ["an error inside a 200", { status: 200, incomplete: "carries an error" }, true],
  ["a request that generates nothing", { path: "/v1/models", method: "GET" }, false],
])("%s without a name", (_, changes, kept) => {
  const ends = new InnerEnds(10);
  ends.ended(nameless, fault(1, changes));
  expect(startsOf(ends).length > 0).toBe(kept);
});

test("no more are kept than allowed, the oldest go first; a new segment has none", () => {
  const ends = new InnerEnds(2);
  for (const at of [0, 10, 20]) ends.ended({ ...nameless }, fault(at));
  expect(startsOf(ends)).toEqual([10, 20]);
  ends.clear();
  expect(startsOf(ends)).toEqual([]);
});

test("a request without a name was alone when no other of the arm was open at its beginning", () => {
  const ends = new InnerEnds(10);
  const [first, second, third] = [{ ...nameless }, { ...nameless }, { ...nameless }];
  ends.outerBegan("gateway");
  ends.outerBegan("another");
  ends.began(first, "gateway");
  ends.outerBegan("gateway");
  ends.began(second, "gateway");
  ends.outerEnded("gateway");
  ends.began(third, "gateway");
  for (const [at, request] of [first, second, third].entries()) ends.ended(request, fault(at));
  expect(ends.take("a", all()).map(({ owner }) => owner?.alone)).toEqual([true, false, true]);
});

test("an attempt's own are given out once, whole or not, and it is open until the last has ended", () => {
  const ends = new InnerEnds(10);
  const mine = { attemptKey: "a" };
  ends.began(mine, "gateway");
  ends.began(mine, "gateway");
  ends.ended(mine, fault(1));
  expect([ends.isOpen("a"), ends.isOpen("b")]).toEqual([true, false]);
  expect(startsOf(ends)).toEqual([1]);
  ends.ended(mine, fault(2, { status: 200 }));
  expect(ends.isOpen("a")).toBe(false);
  expect(startsOf(ends)).toEqual([2]);
  expect(startsOf(ends)).toEqual([]);
});
