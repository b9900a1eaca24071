import { expect, test } from "vitest";
import type { ComparedQuantity, RunComparison } from "../../../bench/analysis/compare/compare-runs.ts";
import { compareScreen } from "../../../bench/report/screen/compare-screen.ts";
import { laidOut } from "../../../bench/report/screen/layout.ts";
import { lineText } from "../../../bench/report/screen/styled-text.ts";

const quantity = (
  name: string,
  interval: readonly [number, number] | null,
  unit = "ms",
): ComparedQuantity => ({
  arm: "raw",
  load: "closed:4",
  quantity: name,
  unit,
  before: 100,
  after: 110,
  units: 12,
  basis: "t bootstrap over tasks",
  difference: { value: 10, low: interval?.[0] ?? null, high: interval?.[1] ?? null },
  relative: { value: 0.1, low: null, high: null },
});
const comparison = (changes: Partial<RunComparison> = {}): RunComparison => ({
  v: 1,
  before: { runId: "laptop-1", directory: "/runs/laptop-1", simulated: false },
  after: { runId: "laptop-2", directory: "/runs/laptop-2", simulated: false },
  changes: [],
  cautions: [],
  verdicts: [],
  unpaired: [],
  quantities: [],
  thresholds: [],
  ...changes,
});
const linesOf = (changes: Partial<RunComparison>) =>
  laidOut(compareScreen(comparison(changes)), 80).map((line) => lineText(line, false));

test("only what moved is a row; what cannot be told is counted and not shown", () => {
  const lines = linesOf({
    quantities: [
      quantity("e2e_p50", [5, 15]),
      quantity("ttft_p50", [-1, 21]),
      quantity("reward", [-15, -5], ""),
      quantity("requests_per_s", null, "/s"),
    ],
  });
  expect(lines).toContain("2 of 4 quantities moved from A to B (95 % interval)");
  expect(lines.filter((line) => line.startsWith("  raw 4"))).toEqual([
    expect.stringMatching(/e2e_p50, ms +100 -> 110 +\+10\.0 \[\+5\.0, \+15\.0\] +\+10\.0 %$/),
    expect.stringMatching(/reward +100 -> 110/),
  ]);
});

test("a limit is shown with what was seen", () => {
  const seen = { value: 0.1, low: 0.05, high: 0.15, relative: true, unit: "ms" };
  const threshold = { expression: "e2e_p50 > +5%", arm: "raw", load: "closed:4" };
  const lines = linesOf({
    thresholds: [
      { ...threshold, status: "crossed", seen },
      {
        ...threshold,
        status: "cannot-tell",
        seen: { value: 3, low: null, high: null, relative: false, unit: "ms" },
      },
      { ...threshold, status: "kept", seen: null },
    ],
  });
  expect(lines.filter((line) => line.includes("e2e_p50 > +5%"))).toEqual([
    "  raw 4  e2e_p50 > +5%  CROSSED                   +10.0 % [+5.0 %, +15.0 %]",
    "  raw 4  e2e_p50 > +5%  cannot tell (not a pass)  +3.00 ms",
    "  raw 4  e2e_p50 > +5%  kept                      -",
  ]);
});

test("settings that make the runs unlike, and cells that are not valid, are said", () => {
  const text = linesOf({
    changes: [{ field: "workload.trials", before: "1", after: "2", unlike: true }],
    verdicts: [{ run: "A", cellId: "c4-r0-raw", verdict: "failing" }],
    unpaired: ["gateway at closed:4"],
  }).join("\n");
  expect(text).toContain("1 differ: workload.trials; the runs answer different questions");
  expect(text).toContain("c4-r0-raw is failing");
  expect(text).toContain("only one of the runs has: gateway at closed:4");
});
