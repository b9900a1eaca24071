import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { Estimate } from "../../analysis/estimates/estimate.ts";
import { escapeHtml } from "./html-text.ts";
import { numberText } from "../tables/number-text.ts";

const size = { width: 520, height: 300, left: 64, right: 16, top: 16, bottom: 56 } as const;
const seriesColours = 5;

interface Point {
  readonly concurrency: number;
  readonly estimate: Estimate;
}

interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Median E2E and TTFT by concurrency, a line per arm, a bar for each interval. Empty below two points of any kind. */
export function renderCharts(cells: readonly CellSummary[]): string {
  const charts = [
    chart(
      "E2E p50 by concurrency, ms",
      seriesOf(cells, ({ e2eMs }) => e2eMs.p50),
    ),
    chart(
      "TTFT p50 by concurrency, ms",
      seriesOf(cells, ({ ttftMs }) => ttftMs.p50),
    ),
  ].filter((svg) => svg !== "");
  return charts.length === 0 ? "" : `<section class="charts">${charts.join("\n")}</section>`;
}

function seriesOf(
  cells: readonly CellSummary[],
  measure: (cell: CellSummary) => Estimate,
): readonly Series[] {
  const arms = [...new Set(cells.map(({ arm }) => arm))];
  return arms.map((name) => ({
    name,
    points: cells
      .filter(({ arm }) => arm === name)
      .flatMap((cell) => {
        const estimate = measure(cell);
        return cell.concurrency === null || estimate.value === null
          ? []
          : [{ concurrency: cell.concurrency, estimate }];
      })
      .sort((a, b) => a.concurrency - b.concurrency),
  }));
}

function chart(title: string, series: readonly Series[]): string {
  const points = series.flatMap(({ points }) => points);
  if (points.length < 2) return "";
  const loads = [...new Set(points.map(({ concurrency }) => concurrency))].sort((a, b) => a - b);
  const top = niceCeiling(Math.max(...points.map(({ estimate }) => estimate.high ?? estimate.value ?? 0)));
  const scale = { x: loadScale(loads), y: valueScale(top) };
  const { width, height } = size;
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(title)}">
${grid(top, scale.y)}
${loads.map((load) => `<text x="${scale.x(load)}" y="${height - size.bottom + 18}" text-anchor="middle">${load}</text>`).join("")}
${series.map((one, index) => line(one, index, scale)).join("\n")}
${series.map(({ name }, index) => `<text class="key s${index % seriesColours}" x="${size.left + index * 120}" y="${height - 10}">&#9632; ${escapeHtml(name)}</text>`).join("")}
</svg></figure>`;
}

interface Scale {
  readonly x: (load: number) => number;
  readonly y: (value: number) => number;
}

/** Loads at equal distances: sweeps double them, and what matters is which point is which. */
function loadScale(loads: readonly number[]): Scale["x"] {
  const inner = size.width - size.left - size.right;
  return (load) => round(size.left + (inner * (loads.indexOf(load) + 0.5)) / loads.length);
}

function valueScale(top: number): Scale["y"] {
  const inner = size.height - size.top - size.bottom;
  return (value) => round(size.top + inner * (1 - value / top));
}

function grid(top: number, y: Scale["y"]): string {
  return [0, 0.25, 0.5, 0.75, 1]
    .map((share) => {
      const at = y(top * share);
      const kind = share === 0 ? "axis" : "grid";
      return `<line class="${kind}" x1="${size.left}" x2="${size.width - size.right}" y1="${at}" y2="${at}"/><text x="${size.left - 6}" y="${at + 4}" text-anchor="end">${tickText(top * share)}</text>`;
    })
    .join("");
}

/** Without trailing zeros, so that the ticks of one axis look alike. */
function tickText(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function line({ points, name }: Series, index: number, scale: Scale): string {
  const colour = `s${index % seriesColours}`;
  // Neighbouring arms are moved apart a little, so that their interval bars can be told apart.
  const at = ({ concurrency, estimate }: Point) => ({
    x: scale.x(concurrency) + index * 5,
    y: scale.y(estimate.value ?? 0),
  });
  const path = points.map((point) => `${at(point).x},${at(point).y}`).join(" ");
  const marks = points.map((point) => {
    const { x, y } = at(point);
    const { low, high, value, count } = point.estimate;
    const bar =
      low === null || high === null
        ? ""
        : `<line class="${colour}" x1="${x}" x2="${x}" y1="${scale.y(low)}" y2="${scale.y(high)}"/>`;
    const label = `${name}, ${point.concurrency}: ${numberText(value)} ms, n ${count}`;
    return `${bar}<circle class="${colour}" cx="${x}" cy="${y}" r="4"><title>${escapeHtml(label)}</title></circle>`;
  });
  return `<polyline class="${colour}" points="${path}"/>${marks.join("")}`;
}

/** The next of 1, 2, 2.5, 5, 10 times a power of ten. */
function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
