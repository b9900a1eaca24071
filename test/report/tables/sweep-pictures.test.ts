import { expect, test } from "vitest";
import type { CellSummary } from "../../../bench/analysis/cell/cell-summary.ts";
import { counted } from "../../../bench/analysis/estimates/estimate.ts";
import { sweepSections } from "../../../bench/report/tables/sweep-pictures.ts";
import type { ReportModel } from "../../../bench/report/model/report-model.ts";
import { measuredCell } from "../../analysis/measured-cell-builder.ts";

/** A cell with so many tokens per second for one request and for all. */
function cell(arm: string, { load, user, all, repetition = 0 }: Record<string, number>): CellSummary {
  const { summary } = measuredCell(arm, { pathMs: 1 });
  const itlMs = { ...summary.itlMs, p50: counted(1000 / (user ?? 1), 20) };
  const rates = { ...summary.rates, outputTokensPerSecond: counted(all ?? null, 20) };
  const concurrency = load ?? 1;
  return {
    ...summary,
    itlMs,
    rates,
    concurrency,
    load: `closed:${concurrency}`,
    repetition,
    verdict: "valid",
    reasons: [],
  };
}

function curveOf(cells: readonly CellSummary[], agentGpus?: number) {
  const run = { agentGpus } as ReportModel["run"];
  const report = { cells, ledgers: [], run, overheads: [], preflights: [] } as unknown as ReportModel;
  const sections = sweepSections(report);
  const found = sections.flatMap(({ pictures, notes }) =>
    pictures.flatMap((picture) => (picture.kind === "curve" ? [{ ...picture, notes }] : [])),
  );
  return found[0];
}

const cells = [
  cell("raw", { load: 1, user: 100, all: 90 }),
  cell("raw", { load: 8, user: 60, all: 400, repetition: 0 }),
  cell("raw", { load: 8, user: 50, all: 480, repetition: 1 }),
];

test("per GPU where the experiment states them; repetitions are one point", () => {
  const curve = curveOf(cells, 4);
  expect(curve?.title).toContain("per GPU (4 GPUs)");
  const [raw] = curve?.series ?? [];
  expect(raw?.points.map(({ x, y, label }) => [label, Math.round(x), y])).toEqual([
    ["1", 100, 90 / 4],
    ["8", 55, 440 / 4],
  ]);
});

test("per engine where it does not, and said so", () => {
  const curve = curveOf(cells);
  expect(curve?.title).toContain("per engine");
  expect(curve?.notes.join(" ")).toContain("not stated in the experiment");
  expect(curve?.series[0]?.points.map(({ y }) => y)).toEqual([90, 440]);
});

test("a repetition that does not tell leaves its point out: the mean of the others would be another number", () => {
  const silent = { ...cell("raw", { load: 8, user: 50, all: 480, repetition: 1 }) };
  const rates = { ...silent.rates, outputTokensPerSecond: counted(null, 0) };
  const curve = curveOf([...cells.slice(0, 2), { ...silent, rates }]);
  expect(curve?.series[0]?.points.map(({ label }) => label)).toEqual(["1"]);
});

test("a limit of the experiment stands in the picture that it is about, and goodput beside the pace", () => {
  const objective = { name: "ttft_p50", text: "80ms", unit: "ms", limit: 80 };
  const slo = {
    limits: [{ name: "ttft_p50", text: "80ms" }],
    cells: cells.map(({ cellId }) => ({ cellId, objectives: [objective], goodput: counted(7, 3) })),
  };
  const report = { cells, ledgers: [], run: {}, preflights: [], slo } as unknown as ReportModel;
  const pictures = sweepSections(report).flatMap((section) =>
    section.pictures.flatMap((picture) => (picture.kind === "lines" ? [picture] : [])),
  );
  const limited = pictures.filter(({ limit }) => limit !== undefined);
  expect(limited.map(({ title, limit }) => [title, limit])).toEqual([
    ["TTFT p50 by concurrency, ms", { value: 80, text: "80ms" }],
  ]);
  const goodput = pictures.find(({ title }) => title.startsWith("Goodput"));
  expect(goodput?.series[0]?.points.map(({ estimate }) => estimate.value)).toEqual([7, 7, 7]);
});
