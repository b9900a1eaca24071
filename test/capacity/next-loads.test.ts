import { assert, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import type { SloFinding } from "../../bench/analysis/slo/assess.ts";
import { nextLoads, type KnownLoads, type NextLoads } from "../../bench/capacity/next-loads.ts";
import { capacitySettings } from "../../bench/config/capacity-schema.ts";

const settings = { ...capacitySettings(undefined), to: 64, resolution: 0 };

/** A service of which one cell shows the truth, and repetitions tell it unless the load is too near to the limit. */
function walk(
  limit: number,
  of: { readonly near?: number; readonly to?: number; readonly from?: number } = {},
) {
  const { near = 0, ...range } = of;
  const looked = new Set<number>();
  const decided = new Set<number>();
  const steps: NextLoads[] = [];
  const known: KnownLoads = {
    get measured() {
      return [...new Set([...looked, ...decided])];
    },
    shown: (agents) => (looked.has(agents) ? (agents <= limit ? "within" : "beyond") : null),
    decided: (agents) => (decided.has(agents) ? findingAt(agents) : null),
  };
  const findingAt = (agents: number): SloFinding => {
    if (Math.abs(agents - (limit + 0.5)) < near) return "cannot-tell";
    return agents <= limit ? "met" : "missed";
  };
  for (;;) {
    const next = nextLoads(known, { ...settings, ...range });
    if (next === null) return { steps, looked: [...looked], decided: [...decided].toSorted((a, b) => a - b) };
    steps.push(next);
    expect(steps.length).toBeLessThan(100);
    if (next.kind === "look") looked.add(next.agents);
    else for (const agents of next.agents) decided.add(agents);
  }
}

test("loads double until one is beyond, then halves; new cells on both sides of the edge decide", () => {
  expect(walk(26)).toMatchObject({ looked: [1, 2, 4, 8, 16, 32, 24, 28, 26, 27], decided: [26, 27] });
});

test("where the edge cannot tell, loads further out are decided, in steps that double", () => {
  expect(walk(26, { near: 3 }).decided).toEqual([23, 25, 26, 27, 28, 30]);
});

test.each([
  { title: "nothing is beyond", limit: 100, decided: [64] },
  { title: "the smallest load is beyond", limit: 0, decided: [1] },
  { title: "a range of one load that holds", limit: 5, from: 5, to: 5, decided: [5] },
  { title: "a range of one load that does not", limit: 4, from: 5, to: 5, decided: [5] },
])("$title", ({ limit, decided, from = 1, to = 64 }) => {
  expect(walk(limit, { from, to }).decided).toEqual(decided);
});

test("every search ends, and has a load on each side of the limit where the range has one that can tell", () => {
  assert(
    property(
      record({
        limit: integer({ min: 0, max: 80 }),
        near: integer({ min: 0, max: 10 }),
        from: integer({ min: 1, max: 20 }),
        more: integer({ min: 0, max: 60 }),
      }),
      ({ limit, near, from, more }) => {
        const to = from + more;
        const { decided } = walk(limit, { near, from, to });
        const tells = (agents: number) => Math.abs(agents - (limit + 0.5)) >= near;
        const told = decided.filter(tells);
        expect(told.some((agents) => agents <= limit)).toBe(from <= limit && tells(from));
        expect(told.some((agents) => agents > limit)).toBe(to > limit && tells(to));
        expect(decided.every((agents) => agents >= from && agents <= to)).toBe(true);
      },
    ),
  );
});

test("a load that shows nothing is no reason to go higher", () => {
  const seen: KnownLoads = {
    measured: [1, 2],
    shown: (agents) => (agents === 1 ? "within" : agents === 2 ? "unknown" : null),
    decided: () => null,
  };
  expect(nextLoads(seen, settings)).toEqual({ kind: "decide", agents: [1, 2] });
});

test("loads that are closer than the resolution are not told apart", () => {
  const seen: KnownLoads = {
    measured: [],
    shown: (agents) => (agents <= 100 ? "within" : "beyond"),
    decided: () => null,
  };
  expect(nextLoads(seen, { ...settings, to: 256, resolution: 0.05 })).toEqual({
    kind: "decide",
    agents: [100, 104],
  });
});
