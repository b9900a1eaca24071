import * as fc from "fast-check";
import { expect, test } from "vitest";
import { judge } from "../../../bench/preflight/checks/same-engine.ts";

const tokens = (prompt: number, completion: number) => ({ prompt, completion });
const said = tokens(30, 12);
const none = tokens(0, 0);
const base = { tapped: false, ownEngine: false, moved: said, said };

/** Status, and whether an overhead may be computed. */
function verdict(changes: Partial<Parameters<typeof judge>[1]>) {
  const { finding, sameEngine } = judge("arm a", { ...base, ...changes });
  return [finding.status, sameEngine];
}

test("exact tokens prove the same engine without a tap", () => {
  expect(verdict({})).toEqual(["ok", true]);
});

test.each([
  ["counters", { moved: null }, "the engine's counters cannot be read"],
  ["usage", { said: null }, "the answers carry no usage"],
])("without %s only the tap proves it; without both nothing is claimed", (_what, changes, why) => {
  expect(verdict({ ...changes, tapped: true })).toEqual(["ok", true]);
  expect(verdict(changes)).toEqual(["not checked", null]);
  expect(judge("arm a", { ...base, ...changes }).finding.what).toContain(why);
});

test("requests that passed the tap while the counters stood still: the page is another server's", () => {
  expect(verdict({ tapped: true, moved: none })).toEqual(["failed", true]);
  expect(judge("arm a", { ...base, tapped: true, moved: none }).finding.change).toContain("metricsUrl");
});

test("requests that passed the tap with other counts: somebody else uses the engine, a warning", () => {
  expect(verdict({ tapped: true, moved: tokens(50, 20) })).toEqual(["warning", true]);
});

test("an arm with an engine of its own is a warning that no overhead is computed, never a failure", () => {
  for (const moved of [none, tokens(50, 20), tokens(29, 12)])
    expect(verdict({ ownEngine: true, moved })).toEqual(["warning", false]);
});

test("more of both counts may hide the arm's own: not checked; less of one cannot: different engines", () => {
  expect(verdict({ moved: tokens(31, 13) })).toEqual(["not checked", null]);
  for (const moved of [none, tokens(29, 100), tokens(100, 11)])
    expect(verdict({ moved })).toEqual(["failed", false]);
});

test("counts that a page rounds prove nothing without a tap and accuse nobody", () => {
  const unsure = tokens(10, 0);
  for (const moved of [tokens(40, 12), tokens(20, 12), said]) {
    expect(verdict({ moved, unsure })).toEqual(["not checked", null]);
    expect(verdict({ moved, unsure, tapped: true })).toEqual(["ok", true]);
  }
  expect(judge("arm a", { ...base, moved: tokens(40, 12), unsure }).finding.what).toContain(
    "within the page's resolution (±10 and ±0)",
  );
  expect(verdict({ moved: tokens(19, 12), unsure })).toEqual(["failed", false]);
  expect(verdict({ moved: tokens(30, 11), unsure })).toEqual(["failed", false]);
});

test("no overhead is ever allowed for an arm without a tap whose tokens are not exact", () => {
  const count = fc.record({ prompt: fc.nat(5), completion: fc.nat(5) });
  fc.assert(
    fc.property(fc.option(count), fc.option(count), fc.boolean(), (moved, answers, ownEngine) => {
      const { sameEngine } = judge("arm a", { tapped: false, ownEngine, moved, said: answers });
      const exact = moved !== null && answers !== null && JSON.stringify(moved) === JSON.stringify(answers);
      expect(sameEngine === true).toBe(exact);
    }),
    { numRuns: 500 },
  );
});
