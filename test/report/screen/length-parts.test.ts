import { expect, test } from "vitest";
import type { LengthDifference, LengthRow } from "../../../bench/analysis/lengths/length-report.ts";
import { differenceOf } from "../../../bench/analysis/estimates/paired-difference.ts";
import { laidOut } from "../../../bench/report/screen/layout.ts";
import { lengthParts, lengthTrustLines } from "../../../bench/report/screen/length-parts.ts";
import { lineText } from "../../../bench/report/screen/styled-text.ts";

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

/** Six tasks of which each took between these milliseconds more. */
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

const textOf = (...given: Parameters<typeof lengthParts>) =>
  laidOut(lengthParts(...given), 100).map((line) => lineText(line, false).trimEnd());

test("lengths ascend, arms stand below each other, and each says what it adds", () => {
  const rows = [rowOf("raw", 32_768), rowOf("raw", 8192), rowOf("gateway", 32_768), rowOf("gateway", 8192)];
  const differences = [added(8192, 1), added(32_768, 3)];
  expect(textOf({ lengths: { rows, differences }, coverage: undefined })).toEqual([
    "By prompt length (95 % interval)",
    "  tokens  arm      passed  TTFT p50 ms  adds to first token, ms  prefill tok/s  cached",
    "  8192    raw      50.0 %         81.9                                   40000  25.0 %",
    "          gateway  50.0 %         81.9  +1.01 [+1.00, +1.02]             40000  25.0 %",
    "  32768   raw      50.0 %          328                                   40000  25.0 %",
    "          gateway  50.0 %          328  +3.01 [+3.00, +3.02]             40000  25.0 %",
    "",
  ]);
});

test("a part of the tasks is said where the rates stand, and what cannot be compared is not", () => {
  const rows = [rowOf("raw", 8192), rowOf("gateway", 8192)];
  const coverage = {
    of: "tasks",
    selected: 3,
    total: 60,
    excluded: [{ reason: "workload.limit", count: 57 }],
  };
  const lines = textOf({
    lengths: { rows, differences: [added(8192, 1, { firstTokenRefused: "other endpoints" })] },
    coverage,
  });
  expect(lines[0]).toBe("By prompt length (95 % interval; tasks: 3/60, partial)");
  expect(lines[3]).toContain("not comparable");
  const refused = added(8192, 1, { refused: "different engines" });
  expect(textOf({ lengths: { rows, differences: [refused] }, coverage })[3]).toContain("not stated");
});

test("a run of other tasks has no such part, and one of many rows says that there are more", () => {
  expect(textOf({ lengths: undefined, coverage: undefined })).toEqual([]);
  const rows = Array.from({ length: 15 }, (_, index) => rowOf("raw", 1024 * (index + 1)));
  const lines = textOf({ lengths: { rows, differences: [] }, coverage: undefined });
  expect(lines).toHaveLength(16);
  expect(lines).toContain("  3 more rows: see the tables");
});

test("what the server did not process as it was built is told apart by length, over all arms", () => {
  const cut = { promptTokens: { equal: 0, fewer: 14, more: 0, notTold: 2 } };
  const more = { promptTokens: { equal: 15, fewer: 0, more: 1, notTold: 0 } };
  const rows = [
    rowOf("raw", 32_768, cut),
    rowOf("raw", 1024),
    rowOf("gateway", 32_768, cut),
    rowOf("raw", 8192, more),
  ];
  const lines = lengthTrustLines({ rows, differences: [] }).map((line) => lineText(line, false));
  expect(lines).toEqual([
    "1 of 16 prompts of 8192 tokens have more by the server's usage",
    "28 of 28 prompts of 32768 tokens were truncated by the server: accuracy and TTFT are those of a shorter prompt -> a longer context",
  ]);
  expect(lengthTrustLines(undefined)).toEqual([]);
});
