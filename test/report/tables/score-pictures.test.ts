import { expect, test } from "vitest";
import { scoreSection } from "../../../bench/report/tables/score-pictures.ts";
import { counted } from "../../../bench/analysis/estimates/estimate.ts";
import { measuredCell } from "../../analysis/measured-cell-builder.ts";

type Scored = Parameters<typeof scoreSection>[0];

function cell(arm: string, { rate, tokens, repetition = 0 }: Record<string, number | null>) {
  const { summary } = measuredCell(arm, { pathMs: 1 });
  const rates = { ...summary.rates, outputTokensPerSecond: counted(tokens ?? null, 20) };
  return {
    ...summary,
    cellId: `${arm}-${repetition}`,
    rates,
    passRate: counted(rate ?? null, 20),
    repetition: repetition ?? 0,
    verdict: "valid" as const,
    reasons: [],
  };
}

const cells = [
  cell("raw", { rate: 0.5, tokens: 100 }),
  cell("raw", { rate: 0.7, tokens: 120, repetition: 1 }),
  cell("gateway", { rate: 0.6, tokens: 90 }),
];
const mean = (value: number) => ({ value, count: 5, low: value - 0.1, high: value + 0.1 });
const passAtK: NonNullable<Scored["passAtK"]> = {
  ks: [1, 10],
  cells: cells.map(({ cellId, arm, load }, at) => ({
    cellId,
    arm,
    load,
    failing: at === 2,
    rows: [1, 10].map((k) => ({
      k,
      mean: mean(k === 1 ? 0.3 : 0.8),
      median: 0.3,
      method: null,
      tooFewSamples: 0,
    })),
    secondsToSolution: { mean: counted(null, 0), median: null },
    problems: [],
  })),
};
const scores: NonNullable<Scored["scores"]> = { averaged: "tasks", outOf: 1, names: [], cells: [] };
const pictureOf = (report: Scored, kind: string) =>
  scoreSection(report).pictures.find((picture) => picture.kind === kind);

test("pass@k in per cent, a line for each arm; who is failing is not drawn, and named", () => {
  const picture = pictureOf({ cells, passAtK }, "lines");
  if (picture?.kind !== "lines") throw new Error("no lines");
  expect(picture.leftOut).toEqual(["gateway-0 (failing)"]);
  expect(picture.series.map(({ name, points }) => [name, points.map(({ label }) => label)])).toEqual([
    ["raw", ["1", "10", "1", "10"]],
  ]);
  expect(picture.series[0]?.points[1]?.estimate).toMatchObject({ value: 80, low: expect.closeTo(70, 9) });
});

test("a point for each arm is the mean of its repetitions; one that does not tell leaves it out", () => {
  const picture = pictureOf({ cells, scores }, "curve");
  if (picture?.kind !== "curve") throw new Error("no curve");
  expect(picture.series.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual([
    ["raw", [[110, 60]]],
    ["gateway", [[90, 60]]],
  ]);
  const silent = [...cells, cell("gateway", { rate: null, tokens: 90, repetition: 1 })];
  const without = pictureOf({ cells: silent, scores }, "curve");
  expect(without?.kind === "curve" && without.series[1]?.points).toEqual([]);
});

test("a part says so beside the pictures, and a workload without scores draws none", () => {
  const coverage = { of: "problems", selected: 5, total: 164, excluded: [] };
  expect(scoreSection({ cells, scores, coverage }).notes[0]).toBe("coverage: 5 of 164 problems, partial");
  expect(scoreSection({ cells }).pictures).toEqual([]);
  const named = cells.map((one) => ({ ...one, variant: "fp8" }));
  expect(scoreSection({ cells: named }).pictures.map(({ kind }) => kind)).toEqual(["curve"]);
});
