import { coverageSentence } from "../../analysis/estimates/coverage.ts";
import type { AxisGrid, AxisReport } from "../../analysis/scores/axis-report.ts";
import type { PassAtKReport } from "../../analysis/scores/pass-at-k-report.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import { meanOf } from "../../statistics/distribution.ts";
import { wayOf } from "../../store/place.ts";
import type { ReportModel } from "../model/report-model.ts";
import type { CurvePicture, HeatPicture, LinePicture, PictureSection } from "./document.ts";
import { absent, percentText } from "./number-text.ts";
import { isDoubtful, notDrawn } from "./service-pictures.ts";

type Scored = Pick<ReportModel, "cells" | "coverage" | "scores" | "byAxis" | "passAtK">;

/** What answers were worth, and at what speed; nothing of a workload without named scores. */
export function scoreSection(report: Scored): PictureSection {
  const { byAxis, cells, coverage, passAtK, scores } = report;
  const curve = speedCurve(cells);
  const variants = cells.some(({ variant }) => variant !== undefined);
  const known = variants || scores !== undefined || byAxis !== undefined || passAtK !== undefined;
  return {
    title: "Scores in pictures",
    notes: [
      ...(coverage === undefined ? [] : [coverageSentence(coverage)]),
      ...(passAtK === undefined ? [] : ["Bars: 95 % intervals over problems."]),
      ...(byAxis?.cells.some(({ grids }) => grids.length > 0)
        ? ["In a field: passed of the judged episodes at that place. No field: nobody was asked there."]
        : []),
      ...(curve.series.flatMap(({ points }) => points).length < 2
        ? []
        : [
            "Pass rate against output tokens per second: a point for each arm and engine configuration at each load, numbered by it, the mean of its repetitions. Up and to the right is better; how far a pass rate may be off stands in the table Episodes.",
          ]),
    ],
    pictures: known
      ? [
          ...(passAtK === undefined ? [] : [{ kind: "lines" as const, ...passAtKLines(passAtK, cells) }]),
          { kind: "curve", ...curve },
          ...(byAxis === undefined ? [] : heatMaps(byAxis)),
        ]
      : [],
  };
}

/** A line for each path to the engine at each load; repetitions are marks of one line. */
function passAtKLines({ ks, cells }: PassAtKReport, summaries: readonly CellSummary[]): LinePicture {
  const several = new Set(cells.map(({ load }) => load)).size > 1;
  const placed = cells.flatMap((cell) => {
    const summary = summaries.find(({ cellId }) => cellId === cell.cellId);
    return cell.failing || summary === undefined
      ? []
      : [{ ...cell, summary, name: `${wayOf(summary)}${several ? ` ${cell.load}` : ""}` }];
  });
  return {
    title: "pass@k: chance that one of k samples of a problem passes",
    xAxis: "k",
    yAxis: "%",
    leftOut: cells.flatMap(({ cellId, failing }) => (failing ? [`${cellId} (failing)`] : [])),
    series: [...Map.groupBy(placed, ({ name }) => name)].map(([name, members]) => ({
      name,
      points: members.flatMap(({ rows, summary }) =>
        rows.flatMap(({ k, mean }) =>
          mean.value === null
            ? []
            : [
                {
                  at: ks.indexOf(k),
                  label: String(k),
                  estimate: {
                    count: mean.count,
                    value: mean.value * 100,
                    low: mean.low === null ? null : mean.low * 100,
                    high: mean.high === null ? null : mean.high * 100,
                  },
                  doubtful: isDoubtful(summary),
                },
              ],
        ),
      ),
    })),
  };
}

function speedCurve(cells: readonly CellSummary[]): CurvePicture {
  const drawn = cells.filter((cell) => notDrawn(cell) === undefined);
  return {
    title: "Pass rate against output tokens per second",
    xAxis: "output tok/s of the engine",
    yAxis: "passed, %",
    yEnds: [0, 100],
    xFromZero: true,
    series: [...Map.groupBy(drawn, wayOf)].map(([name, own]) => ({
      name,
      points: [...Map.groupBy(own, ({ load }) => load).values()].flatMap(speedPoint),
    })),
  };
}

/** Nothing where a repetition does not tell: the mean of the others would be another number. */
function speedPoint(repeated: readonly CellSummary[]): CurvePicture["series"][number]["points"] {
  const told = repeated.flatMap(({ passRate, rates }) => {
    const [rate, tokens] = [passRate.value, rates.outputTokensPerSecond.value];
    return rate === null || tokens === null ? [] : [{ rate, tokens }];
  });
  const [first] = repeated;
  if (first === undefined || told.length < repeated.length) return [];
  return [
    {
      x: meanOf(told.map(({ tokens }) => tokens)),
      y: 100 * meanOf(told.map(({ rate }) => rate)),
      label: String(first.concurrency ?? first.load),
      doubtful: repeated.some(isDoubtful),
    },
  ];
}

function heatMaps({ axes, cells }: AxisReport): PictureSection["pictures"] {
  const headingOf = (name: string) => axes.find((axis) => axis.name === name)?.heading ?? name;
  return cells.flatMap(({ cellId, grids }) =>
    grids.map((grid) => ({ kind: "heat" as const, ...heatMap(grid, headingOf, cellId) })),
  );
}

function heatMap(
  { x, y, places }: AxisGrid,
  headingOf: (name: string) => string,
  cellId: string,
): HeatPicture {
  const [xs, ys] = [places.map((place) => place.x), places.map((place) => place.y)].map((values) =>
    [...new Set(values)].sort((a, b) => a - b),
  );
  return {
    title: `Passed by ${headingOf(x)} and ${headingOf(y)}, ${cellId}`,
    xAxis: headingOf(x),
    yAxis: headingOf(y),
    xs: (xs ?? []).map(String),
    ys: (ys ?? []).map(String),
    fields: places.map((place) => ({
      x: xs?.indexOf(place.x) ?? 0,
      y: ys?.indexOf(place.y) ?? 0,
      share: place.passRate.value,
      text:
        place.passRate.value === null
          ? absent
          : `${percentText(place.passRate.value)} of ${place.passRate.count}`,
    })),
  };
}
