import { spoiling, type Verdict } from "../../analysis/cell/verdict.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import { counted, type Estimate } from "../../analysis/estimates/estimate.ts";
import { wayOf } from "../../store/place.ts";
import type { ReportModel } from "../model/report-model.ts";
import type { LinePicture, Picture, PictureSection } from "./document.ts";
import { notStreamed } from "./preflight-table.ts";

interface Quantity {
  readonly title: string;
  readonly unit: string;
  readonly of: (cell: CellSummary) => Estimate;
  /** Name of the limit in `sweep.slo` that is about it. */
  readonly limit?: string;
}

const latencies: readonly Quantity[] = (["p50", "p95"] as const).flatMap((end) => [
  { title: `TTFT ${end}`, unit: "ms", limit: `ttft_${end}`, of: ({ ttftMs }) => ttftMs[end] },
  { title: `E2E ${end}`, unit: "ms", limit: `e2e_${end}`, of: ({ e2eMs }) => e2eMs[end] },
  { title: `ITL ${end}`, unit: "ms", limit: `itl_${end}`, of: ({ itlMs }) => itlMs[end] },
]);

type Served = Pick<ReportModel, "cells" | "preflights" | "slo">;

/** How fast each way to the engine was, load by load. */
export function serviceSection(report: Served): PictureSection {
  const { cells } = report;
  const pictures = latencies.map((quantity) => linesOf(quantity, report));
  return {
    title: "Service by load",
    notes: [
      "Bars: 95 % intervals over episodes. Several marks at a load: repetitions; the line goes through their mean.",
      ...(cells.some(isDoubtful) ? ["Hollow: a cell that is not valid, see its verdict."] : []),
      ...notStreamed(report),
      ...tooFewNote(pictures),
    ],
    pictures,
  };
}

/** Episodes per minute, and where there are limits those within them. */
export function pacePictures(report: Served): readonly Picture[] {
  const { slo } = report;
  const unit = "per minute";
  const pace = linesOf(
    { title: "Episodes per minute", unit, of: ({ rates }) => rates.episodesPerMinute },
    report,
  );
  if (slo === undefined) return [pace];
  const goodput = new Map(slo.cells.map((cell) => [cell.cellId, cell.goodput]));
  const of = ({ cellId }: CellSummary) => goodput.get(cellId) ?? counted(null, 0);
  return [pace, linesOf({ title: "Goodput: episodes per minute within the limits", unit, of }, report)];
}

/** Whose numbers would look like those of a service that does its work. */
export function notDrawn({ reasons }: Pick<CellSummary, "reasons">): Verdict | undefined {
  return reasons.find(({ verdict }) => spoiling.has(verdict))?.verdict;
}

export function isDoubtful({ verdict }: Pick<CellSummary, "verdict">): boolean {
  return verdict !== "valid";
}

/** In a run with variants an arm is one for each of them. */
export function armsOf(cells: readonly CellSummary[]): readonly string[] {
  return [...new Set(cells.map(wayOf))];
}

function linesOf({ title, unit, of, limit }: Quantity, { cells, slo }: Served): Picture {
  const promised = slo?.cells
    .flatMap(({ objectives }) => objectives)
    .find(({ name }) => limit !== undefined && name === limit);
  return {
    kind: "lines",
    title: `${title} by concurrency${unit === "ms" ? ", ms" : ""}`,
    xAxis: "episodes in flight",
    yAxis: unit,
    ...(promised !== undefined && { limit: { value: promised.limit, text: promised.text } }),
    leftOut: cells.flatMap((cell) => {
      const verdict = notDrawn(cell);
      return verdict === undefined ? [] : [`${cell.cellId} is ${verdict}`];
    }),
    series: armsOf(cells).map((name) => ({
      name,
      points: cells.flatMap((cell) => pointsOf(cell, name, of)).sort((a, b) => a.at - b.at),
    })),
  };
}

function pointsOf(
  cell: CellSummary,
  arm: string,
  of: Quantity["of"],
): LinePicture["series"][number]["points"] {
  const { concurrency } = cell;
  const estimate = of(cell);
  if (wayOf(cell) !== arm || concurrency === null || estimate.value === null) return [];
  if (notDrawn(cell) !== undefined) return [];
  return [{ at: concurrency, label: String(concurrency), estimate, doubtful: isDoubtful(cell) }];
}

/** Which pictures are missing because no cell, or one alone, has enough requests for the percentile. */
function tooFewNote(pictures: readonly Picture[]): string[] {
  const names = pictures.flatMap((picture) =>
    picture.kind === "lines" && picture.series.flatMap(({ points }) => points).length < 2
      ? [picture.title.split(" by ")[0]]
      : [],
  );
  return names.length === 0
    ? []
    : [
        `No picture of ${names.join(", ")}: too few requests in the cells (n too small, see Definitions: percentile).`,
      ];
}
