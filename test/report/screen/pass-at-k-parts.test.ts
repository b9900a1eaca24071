import { expect, test } from "vitest";
import type { PassAtKReport } from "../../../bench/analysis/scores/pass-at-k-report.ts";
import { laidOut } from "../../../bench/report/screen/layout.ts";
import { passAtKParts } from "../../../bench/report/screen/pass-at-k-parts.ts";
import { lineText } from "../../../bench/report/screen/styled-text.ts";

type Cell = PassAtKReport["cells"][number];

const row = (k: number, value: number | null, coverage?: string): Cell["rows"][number] => ({
  k,
  mean: { value, count: value === null ? 0 : 20, low: null, high: null },
  median: null,
  method: null,
  tooFewSamples: 0,
  ...(coverage !== undefined && { coverage }),
});
const cell = (arm: string, rows: Cell["rows"], changes: Partial<Cell> = {}): Cell => ({
  cellId: `c4-r0-${arm}`,
  arm,
  load: "closed:4",
  failing: false,
  rows,
  secondsToSolution: { mean: { value: null, count: 0, low: null, high: null }, median: null },
  problems: [],
  ...changes,
});
const textOf = (cells: readonly Cell[]) =>
  laidOut(passAtKParts({ ks: [1, 10], cells: [...cells] }), 80).map((line) =>
    lineText(line, false).trimEnd(),
  );

test("a row for each arm, with its interval; what all are of stands once above them", () => {
  const mean = { value: 0.285, count: 20, low: 0.225, high: 0.345 };
  const rows = [{ ...row(1, 0, "20/164, partial"), mean }, row(10, 0.95, "20/164, partial")];
  expect(textOf([cell("raw", rows), cell("gateway", rows, { variant: "fp8" })])).toEqual([
    "pass@k, %, coverage 20/164, partial (95 % interval over problems)",
    "               load             pass@1  pass@10",
    "  raw          4     28.5 [22.5, 34.5]       95",
    "  gateway fp8  4     28.5 [22.5, 34.5]       95",
    "",
  ]);
});

test("rows of unlike parts have a column of them, and a failing cell has no number", () => {
  const [, heads, ...lines] = textOf([
    cell("raw", [row(1, 0.5, "20/20"), row(10, 0.9, "20/20")]),
    cell("gateway", [row(1, null, "0/20, partial"), row(10, null, "0/20, partial")], { failing: true }),
  ]);
  expect(heads).toMatch(/pass@10 {2,}coverage$/);
  expect(lines[0]).toMatch(/raw +4 +50 +90 +20\/20$/);
  expect(lines[1]).toMatch(/gateway +4 +- +- +0\/20, partial$/);
});

test("nobody asks for it: nothing; no whole is known: no coverage", () => {
  expect(passAtKParts(undefined)).toEqual([]);
  expect(textOf([cell("raw", [row(1, 0.5), row(10, 0.9)])])[0]).toBe(
    "pass@k, % (95 % interval over problems)",
  );
});
