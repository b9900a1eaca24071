import { expect, test } from "vitest";
import type { LengthDifference, LengthRow } from "../../../bench/analysis/lengths/length-report.ts";
import { differenceOf } from "../../../bench/analysis/estimates/paired-difference.ts";
import { lengthSection } from "../../../bench/report/tables/length-pictures.ts";

const estimate = (value: number | null) => ({ value, count: 16, low: null, high: null });

const rowOf = (arm: string, length: number, changes: Partial<LengthRow> = {}): LengthRow => ({
  load: "closed:1",
  arm,
  length,
  episodes: 16,
  passed: estimate(0.5),
  ttftMs: { p50: estimate(length / 100), p95: estimate(null) },
  prefillTokensPerSecond: estimate(40_000),
  cachedShare: 0.25,
  promptTokens: { equal: 16, fewer: 0, more: 0, notTold: 0 },
  ...changes,
});

function added(length: number, ms: number, changes: Partial<LengthDifference> = {}): LengthDifference {
  const pairs = Array.from({ length: 6 }, (_, index) => {
    return { task: String(index), repetition: 0, base: 1, target: 1 + ms + (index % 3) / 100 };
  });
  const difference = differenceOf(pairs, { kind: "path" });
  return {
    load: "closed:1",
    baseline: "raw",
    arm: "gateway",
    length,
    refused: null,
    pathMs: { firstToken: difference, whole: difference },
    ttftMs: difference,
    reward: differenceOf([], { kind: "counts" }),
    ...changes,
  };
}

const lines = (...given: Parameters<typeof lengthSection>) =>
  lengthSection(...given).pictures.map((picture) => {
    if (picture.kind !== "lines") throw new Error("no lines");
    return picture;
  });

const rows = [
  rowOf("raw", 8192),
  rowOf("raw", 32_768, { promptTokens: { equal: 0, fewer: 16, more: 0, notTold: 0 } }),
  rowOf("gateway", 8192),
  rowOf("gateway", 32_768),
];

test("an arm stands at the same place in both pictures, and so looks alike; a length that was cut is hollow", () => {
  const [ttft, path] = lines({ rows, differences: [added(8192, 1), added(32_768, -3)] });
  const namesOf = (picture: typeof ttft) => picture?.series.map(({ name }) => name);
  expect(namesOf(ttft)).toEqual(["raw", "gateway"]);
  expect(namesOf(path)).toEqual(["raw", "gateway"]);
  expect(ttft?.series[0]?.points.map(({ doubtful }) => doubtful)).toEqual([false, true]);
  expect(path?.series[0]?.points).toEqual([]);
  expect(path?.series[1]?.points.map(({ at, estimate: { value } }) => [at, Math.round(value ?? 0)])).toEqual([
    [8192, 1],
    [32_768, -3],
  ]);
  expect(path?.said).toMatch(/^gateway, 8192 tokens: \+1\.01 \[.*\] ms; gateway, 32768 tokens: -2\.99 /);
});

test("what cannot be compared is no point, and is named with why", () => {
  const differences = [
    added(8192, 1),
    added(32_768, 1, { firstTokenRefused: "another endpoint" }),
    added(65_536, 1, { refused: "different engines" }),
  ];
  const [, path] = lines({ rows, differences });
  expect(path?.series[1]?.points).toHaveLength(1);
  expect(path?.leftOut).toEqual(["gateway 32768 (not comparable)", "gateway 65536 (not stated)"]);
  expect(path?.said).toContain("gateway, 32768 tokens: not comparable");
});

test("without a second arm there is the time alone; without lengths nothing; loads are told where there are several", () => {
  expect(lines({ rows: rows.slice(0, 2), differences: [] })).toHaveLength(1);
  expect(lines(undefined)).toEqual([]);
  const twice = [...rows, ...rows.map((row) => ({ ...row, load: "closed:4" }))];
  const [ttft, path] = lines({ rows: twice, differences: [added(8192, 1, { load: "closed:4" })] });
  expect(ttft?.series.map(({ name }) => name)).toEqual([
    "raw closed:1",
    "gateway closed:1",
    "raw closed:4",
    "gateway closed:4",
  ]);
  expect(path?.series.filter(({ points }) => points.length > 0).map(({ name }) => name)).toEqual([
    "gateway closed:4",
  ]);
});
