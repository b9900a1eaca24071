import { expect, test } from "vitest";
import { lengthReport as lengthsOf } from "../../../bench/analysis/lengths/length-report.ts";
import type { MeasuredCell } from "../../../bench/analysis/measured-cell.ts";
import { lengthTables } from "../../../bench/report/tables/length-tables.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { measuredCell } from "../measured-cell-builder.ts";

/** As for a run in which every segment came to its end: all that finished was measured. */
const lengthReport = (
  cells: readonly MeasuredCell[],
  finished: readonly EpisodeRecord[] = cells.flatMap(({ episodes }) => episodes),
) => lengthsOf(cells, { compare: undefined, episodes: finished });

/** A cell whose tasks all have prompts of one length; TTFT is 2 ms and what the arm takes. */
function cellOf(
  arm: string,
  {
    length,
    pathMs,
    more = () => ({}),
  }: {
    readonly length: number;
    readonly pathMs: number;
    readonly more?: (index: number) => Partial<EpisodeRecord>;
  },
  summary: Partial<MeasuredCell["summary"]> = {},
): MeasuredCell {
  const cellId = `${arm}-${length}-${summary.variant ?? ""}`;
  const cell = measuredCell(arm, { pathMs, count: 12, summary: { cellId, ...summary } });
  return {
    ...cell,
    episodes: cell.episodes.map((episode, index) => ({
      ...episode,
      cellId,
      taskId: `${length}-${index}`,
      axes: { length, depth: 0.5 },
      requests: 1,
      promptTokens: length,
      cachedTokens: length / 4,
      ...more(index),
    })),
  };
}

const bothLengths = (arm: string, [short, long]: readonly [number, number]) => [
  cellOf(arm, { length: 1024, pathMs: short }),
  cellOf(arm, { length: 4096, pathMs: long }),
];

test("a row for each arm and length, ascending, with what only these prompts have", () => {
  const cells = [...bothLengths("raw", [0, 0]), ...bothLengths("gateway", [1, 3])].toReversed();
  const report = lengthReport(cells);
  expect(report?.rows.map(({ arm, length, episodes }) => [arm, length, episodes])).toEqual([
    ["gateway", 1024, 12],
    ["gateway", 4096, 12],
    ["raw", 1024, 12],
    ["raw", 4096, 12],
  ]);
  const [, , raw] = report?.rows ?? [];
  // 768 of 1024 tokens were not cached, in 2.00 to 2.02 ms.
  expect(raw?.ttftMs.p50.value).toBeCloseTo(2.01, 6);
  expect(raw?.prefillTokensPerSecond.value).toBeCloseTo(768 / 0.002_01, 3);
  expect(raw?.cachedShare).toBe(0.25);
  expect(raw?.promptTokens).toEqual({ equal: 12, fewer: 0, more: 0, notTold: 0 });
  expect(raw?.passed).toMatchObject({ value: 1, count: 12 });
});

test("what an arm adds is said for each length on its own", () => {
  const cells = [...bothLengths("raw", [0, 0]), ...bothLengths("gateway", [1, 3])];
  const differences = lengthReport(cells)?.differences ?? [];
  expect(differences.map(({ arm, length, refused }) => [arm, length, refused])).toEqual([
    ["gateway", 1024, null],
    ["gateway", 4096, null],
  ]);
  for (const [index, added] of [1, 3].entries()) {
    const one = differences[index];
    for (const difference of [one?.pathMs.firstToken, one?.pathMs.whole, one?.ttftMs]) {
      expect(difference?.difference).toMatchObject({ count: 12 });
      expect(difference?.difference.value).toBeCloseTo(added, 6);
    }
    expect(one?.pathMs.firstToken.finding).toBe("more");
    // One pair of cells: what drifts between them is in no interval over tasks.
    expect(one?.ttftMs.finding).toBe("cannot-tell");
    expect(one?.reward.difference.value).toBe(0);
  }
});

test("what is not told is absent and not zero, and a prompt that was cut is said in words", () => {
  const untold = cellOf("raw", {
    length: 1024,
    pathMs: 0,
    more: () => ({ cachedTokens: null, promptTokens: null }),
  });
  const cut = cellOf("raw", {
    length: 4096,
    pathMs: 0,
    more: () => ({ promptTokens: 2048, cachedTokens: 0 }),
  });
  const more = cellOf("raw", {
    length: 8192,
    pathMs: 0,
    more: () => ({ promptTokens: 8200, cachedTokens: 0 }),
  });
  const report = lengthReport([untold, cut, more]) ?? { rows: [], differences: [] };
  expect(report.differences).toEqual([]);
  const [one, two, three] = report.rows;
  expect([one?.prefillTokensPerSecond.value, one?.cachedShare]).toEqual([null, null]);
  expect(one?.promptTokens).toEqual({ equal: 0, fewer: 0, more: 0, notTold: 12 });
  expect(two?.promptTokens).toEqual({ equal: 0, fewer: 12, more: 0, notTold: 0 });
  expect(three?.promptTokens).toEqual({ equal: 0, fewer: 0, more: 12, notTold: 0 });
  // What was processed counts, not what was sent.
  expect(two?.prefillTokensPerSecond.value).toBeCloseTo(2048 / 0.002_01, 3);
  const [table] = lengthTables(report);
  expect(table?.rows.map((row) => row.slice(-2))).toEqual([
    ["-", "-"],
    ["0 %", "0/12"],
    ["0 %", "0/12"],
  ]);
  const notes = table?.notes.join("\n");
  expect(notes).toContain(
    "4096: the model processed fewer tokens than it was sent in 12 requests: the prompt was truncated",
  );
  expect(notes).toContain(
    "8192: the model counted more tokens than the prompt was built to have in 12 requests",
  );
  expect(notes).toContain("1024: 12 requests have no usage");
});

test("episodes of several requests have no length of a prompt, and failed ones no accuracy", () => {
  const several = cellOf("raw", {
    length: 1024,
    pathMs: 0,
    more: (index) => (index < 6 ? { requests: 2 } : {}),
  });
  const failed = cellOf("raw", {
    length: 4096,
    pathMs: 0,
    more: (index) =>
      index < 3
        ? { status: "failed", reward: null, requests: 1, promptTokens: null }
        : { reward: index < 6 ? 0 : 1 },
  });
  const [first, second] = lengthReport([several, failed])?.rows ?? [];
  expect(first?.ttftMs.p50.count).toBe(6);
  expect(first?.promptTokens).toEqual({ equal: 6, fewer: 0, more: 0, notTold: 0 });
  expect(second?.passed).toMatchObject({ value: 6 / 9, count: 9 });
  expect(second?.promptTokens.notTold).toBe(0);
});

test("a cell that lost a part of its tasks states no accuracy, and arms on other engines no difference", () => {
  const failing = cellOf(
    "raw",
    { length: 1024, pathMs: 0 },
    {
      verdict: "failing",
      reasons: [{ verdict: "failing", detail: "9 of 12" }],
    },
  );
  const elsewhere = cellOf("gateway", { length: 1024, pathMs: 1 }, { agentEngineIdentity: "engine 2" });
  const report = lengthReport([failing, elsewhere]);
  expect(report?.rows[0]?.passed).toMatchObject({ value: null, count: 12 });
  expect(report?.differences[0]?.refused).toContain("is failing");
  expect(report?.differences[0]?.ttftMs.difference).toMatchObject({ value: null, count: 0 });
  const rows = lengthTables(report ?? { rows: [], differences: [] })[1]?.rows[0];
  expect(rows?.filter((text) => text === "not stated")).toHaveLength(5);
});

test("tasks without a length have no such table", () => {
  expect(lengthReport([measuredCell("raw", { pathMs: 0 })])).toBeNull();
});

test("arms of which one found its prompts in the cache are not compared by TTFT, and the path still is", () => {
  const raw = cellOf("raw", { length: 1024, pathMs: 0, more: () => ({ cachedTokens: 10 }) });
  const warm = cellOf("gateway", { length: 1024, pathMs: 1, more: () => ({ cachedTokens: 1000 }) });
  const report = lengthReport([raw, warm]) ?? { rows: [], differences: [] };
  expect(report.differences[0]?.ttftRefused).toBe(
    "raw found 1.0 % of its prompts in the prefix cache, the arm 97.7 %",
  );
  const table = lengthTables(report)[1];
  const at = (head: string) => table?.rows[0]?.[table.columns.findIndex((column) => column.head === head)];
  expect(at("TTFT, ms")).toBe("not comparable");
  expect(at("path to first\ntoken, ms")).toMatch(/^\+1\.00 \[/);
  expect(table?.notes.join()).toContain("gateway 1024: raw found 1.0 %");
});

test("each configuration of the engine has rows and differences of its own", () => {
  const cells = ["bf16", "fp8"].flatMap((variant, index) => [
    cellOf("raw", { length: 1024, pathMs: 0 }, { variant }),
    cellOf("gateway", { length: 1024, pathMs: 1 + index }, { variant }),
  ]);
  const report = lengthReport(cells);
  expect(report?.rows.map(({ variant, arm, episodes }) => [variant, arm, episodes])).toEqual([
    ["bf16", "raw", 12],
    ["bf16", "gateway", 12],
    ["fp8", "raw", 12],
    ["fp8", "gateway", 12],
  ]);
  const added = report?.differences.map(({ variant, pathMs }) => [
    variant,
    Math.round(pathMs.firstToken.difference.value ?? 0),
  ]);
  expect(added).toEqual([
    ["bf16", 1],
    ["fp8", 2],
  ]);
});

test("what finished in a segment without an end counts for accuracy and for tokens, and gives no speed", () => {
  const cell = cellOf("raw", { length: 1024, pathMs: 0, more: (index) => ({ reward: index < 4 ? 0 : 1 }) });
  const measured = { ...cell, episodes: cell.episodes.slice(4) };
  const [row] = lengthReport([measured], cell.episodes)?.rows ?? [];
  expect(row?.episodes).toBe(12);
  expect(row?.passed).toMatchObject({ value: 8 / 12, count: 12 });
  expect(row?.promptTokens.equal).toBe(12);
  expect(row?.ttftMs.p50.count).toBe(8);
  expect(lengthReport([{ ...cell, episodes: [] }], cell.episodes)?.rows[0]).toMatchObject({
    passed: { count: 12 },
    ttftMs: { p50: { value: null, count: 0 } },
  });
});
