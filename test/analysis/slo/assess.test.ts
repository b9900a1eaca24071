import { expect, test } from "vitest";
import { assess } from "../../../bench/analysis/slo/assess.ts";
import { sloOf, type Slo } from "../../../bench/config/slo-schema.ts";
import { summarizeClustered } from "../../../bench/analysis/estimates/latency.ts";
import { createRng, normal } from "../../../bench/statistics/rng.ts";
import { cellOfTimes, outcomes } from "./observed-builder.ts";

const limits = (spec: Parameters<typeof sloOf>[0]): Slo => {
  const slo = sloOf(spec);
  if (slo === null) throw new Error("no limits");
  return slo;
};
const p95 = limits({ ttft_p95: "100ms" });
const times = (count: number, middle: number, seed = 1) => {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => middle * Math.exp(0.1 * normal(rng)));
};

test.each([
  { title: "far below", middle: 50, finding: "met" },
  { title: "far above", middle: 150, finding: "missed" },
  { title: "at the limit", middle: 85, finding: "cannot-tell" },
])("a p95 $title its limit: $finding", ({ middle, finding }) => {
  const { objectives, ...found } = assess([cellOfTimes(times(200, middle))], p95, null);
  expect(found).toMatchObject({ finding, why: null });
  const [objective] = objectives;
  const { low, high } = objective?.value ?? {};
  // The finding is that of the interval that stands beside it.
  const byInterval = (high ?? 0) <= 100 ? "met" : (low ?? 0) > 100 ? "missed" : "cannot-tell";
  expect(objective?.finding).toBe(byInterval);
});

test("the interval of a single cell is the one of the table of latencies", () => {
  const cell = cellOfTimes(times(200, 80));
  expect(assess([cell], p95, null).objectives[0]?.value).toEqual(summarizeClustered(cell.values.ttft).p95);
});

test("too few values for a percentile: how many lie beyond decides", () => {
  const at = (values: readonly number[]) => assess([cellOfTimes(values)], p95, null);
  expect(at(Array.from({ length: 30 }, () => 150))).toMatchObject({ finding: "missed" });
  expect(at(Array.from({ length: 100 }, () => 50))).toMatchObject({ finding: "met" });
  const few = at(Array.from({ length: 20 }, () => 50));
  expect(few.finding).toBe("cannot-tell");
  expect(few.objectives[0]).toMatchObject({ value: { value: null, count: 20 }, beyond: { value: 0 } });
  expect(few.objectives[0]?.why).toContain("20 values of 20 episodes are too few");
});

test("nothing measured is not kept", () => {
  const found = assess([cellOfTimes(times(200, 50))], limits({ itl_p95: "50ms" }), null);
  expect(found).toMatchObject({
    finding: "cannot-tell",
    objectives: [{ why: "nothing was measured of it" }],
  });
});

test("requests of one episode do not count as many", () => {
  const alike = Array.from({ length: 12 }, (_, episode) =>
    Array.from({ length: 20 }, () => ({ value: episode === 0 ? 150 : 50, cluster: `e${episode}` })),
  ).flat();
  const cell = { ...cellOfTimes([]), values: { ttft: alike, itl: [], e2e: [], episode: [] } };
  expect(assess([cell], p95, null).finding).toBe("cannot-tell");
});

test("what varies between repetitions is in the interval", () => {
  const same = [1, 2, 3, 4].map((repetition) => cellOfTimes(times(200, 80, repetition), { repetition }));
  const apart = [60, 70, 90, 105].map((middle, index) =>
    cellOfTimes(times(200, middle, index), { repetition: index + 1 }),
  );
  const width = (cells: typeof same) => {
    const { low, high } = assess(cells, p95, null).objectives[0]?.value ?? {};
    return (high ?? Number.NaN) - (low ?? Number.NaN);
  };
  expect(width(apart)).toBeGreaterThan(3 * width(same));
});

test("to fail breaks the promise, other work says nothing", () => {
  const fast = times(200, 50);
  const failing = cellOfTimes(fast, { spoiled: "failing: 9 of 20 episodes failed" });
  expect(assess([failing], p95, null)).toMatchObject({
    finding: "missed",
    why: "c4-r0-raw: failing: 9 of 20 episodes failed",
  });
  expect(assess([failing, cellOfTimes(fast, { repetition: 1 })], p95, null).finding).toBe("cannot-tell");
  const altered = cellOfTimes(fast, { unusable: "request-altered: 3 of 40 requests" });
  expect(assess([altered], p95, null).finding).toBe("cannot-tell");
});

test("limits that are kept while fewer were in flight say nothing, and those that are missed are missed", () => {
  const unheld = "the load was not held: 5.3 of 16 episodes were in flight";
  const kept = assess([cellOfTimes(times(200, 50), { unheld, inFlight: 5.3 })], p95, null);
  expect(kept).toMatchObject({ finding: "cannot-tell", why: `c4-r0-raw: ${unheld}`, inFlight: 5.3 });
  expect(assess([cellOfTimes(times(200, 150), { unheld })], p95, null)).toMatchObject({
    finding: "missed",
    why: null,
  });
});

test("one limit that is missed is enough, one that cannot be told leaves it open", () => {
  const both = limits({ ttft_p50: "70ms", ttft_p95: "100ms" });
  expect(assess([cellOfTimes(times(200, 75))], both, null).finding).toBe("missed");
  expect(assess([cellOfTimes(times(200, 85))], both, null).finding).toBe("missed");
  const open = limits({ ttft_p50: "90ms", ttft_p95: "100ms" });
  expect(assess([cellOfTimes(times(200, 85))], open, null).finding).toBe("cannot-tell");
});

test("goodput counts episodes that kept every limit, over the time in which they were measured", () => {
  const cells = [1, 2].map((repetition) => cellOfTimes(times(60, 50), { repetition, good: 45 }));
  expect(assess(cells, p95, null)).toMatchObject({
    goodput: { value: 45, count: 90 },
    episodesPerMinute: { value: 60, count: 120 },
  });
  const without = cellOfTimes([], { seconds: null, episodes: 0, good: 0 });
  expect(assess([without], p95, null).goodput.value).toBeNull();
});

test.each([
  { title: "none of many tasks lost", before: [400, 0], after: [400, 0], finding: "met" },
  { title: "none of a dozen lost", before: [12, 0], after: [12, 0], finding: "cannot-tell" },
  { title: "most lost", before: [30, 0], after: [10, 20], finding: "missed" },
  { title: "more passed than before", before: [20, 380], after: [60, 340], finding: "met" },
  { title: "four tasks", before: [4, 0], after: [0, 4], finding: "cannot-tell" },
] as const)("passed tasks, $title: $finding", ({ before, after, finding }) => {
  const slo = limits({ passRateDrop: "2%" });
  const cell = cellOfTimes([], { outcomes: outcomes(after[0], after[1]) });
  const found = assess([cell], slo, outcomes(before[0], before[1]));
  expect(found.finding).toBe(finding);
  const { value, low, high } = found.objectives[0]?.value ?? {};
  expect(value).toBeCloseTo(before[0] / (before[0] + before[1]) - after[0] / (after[0] + after[1]));
  expect(low ?? 0).toBeLessThanOrEqual(high ?? 0);
});

test("the baseline of a loss has lost nothing by definition", () => {
  const cell = cellOfTimes([], { outcomes: outcomes(3, 9) });
  const [drop] = assess([cell], limits({ passRateDrop: "2%" }), null).objectives;
  expect(drop).toMatchObject({ finding: "met", value: { value: 0 }, why: "others are compared with it" });
});
