import type { LinePicture } from "../tables/document.ts";
import { numberText } from "../tables/number-text.ts";
import { drawMark } from "./marks.ts";
import { coordinate, escapeHtml, figure, line, roundUp } from "./svg.ts";

const size = { width: 520, height: 320, left: 64, right: 16, top: 20, bottom: 74 } as const;
const ticksWanted = 4;
const seriesColours = 5;

type Series = LinePicture["series"][number];
type Point = Series["points"][number];

/** A line per arm over the loads, a bar for each interval. null below two points: one point is no line. */
export function drawLines({ title, xAxis, yAxis, series, leftOut }: LinePicture): string | null {
  const points = series.flatMap(({ points }) => points);
  if (points.length < 2) return null;
  const loads = [...new Set(points.map(({ concurrency }) => concurrency))].sort((a, b) => a - b);
  const highest = Math.max(...points.map(({ estimate }) => estimate.high ?? estimate.value ?? 0));
  // As tight as whole steps allow: half an empty picture makes every difference small.
  const step = roundUp(highest / ticksWanted, [1, 2, 2.5, 5, 10]);
  const top = Math.max(1, Math.ceil(highest / step)) * step;
  const [innerX, innerY] = [size.width - size.left - size.right, size.height - size.top - size.bottom];
  const scale: Scale = {
    // Loads at equal distances: sweeps double them, and what matters is which point is which.
    x: (load) => coordinate(size.left + (innerX * (loads.indexOf(load) + 0.5)) / loads.length),
    y: (value) => coordinate(size.top + innerY * (1 - value / top)),
  };
  const { width, height } = size;
  const caption = leftOut.length === 0 ? title : `${title}. Not drawn: ${leftOut.join(", ")}`;
  return figure({ caption, name: title, width, height, scroll: false }, [
    grid({ top, step }, scale.y),
    `<text x="${size.left}" y="11">${escapeHtml(yAxis)}</text><text x="${coordinate(size.left + innerX / 2)}" y="${height - size.bottom + 36}" text-anchor="middle">${escapeHtml(xAxis)}</text>`,
    loads
      .map(
        (load) =>
          `<text x="${scale.x(load)}" y="${height - size.bottom + 18}" text-anchor="middle">${load}</text>`,
      )
      .join(""),
    series.map((one, index) => drawSeries(one, index, scale)).join("\n"),
    series
      .map(({ name, points: drawn }, index) =>
        drawn.length === 0
          ? ""
          : `${drawMark(index, [size.left + index * 120 + 5, height - 14], false)}<text x="${size.left + index * 120 + 14}" y="${height - 10}">${escapeHtml(name)}</text>`,
      )
      .join(""),
  ]);
}

interface Scale {
  readonly x: (load: number) => number;
  readonly y: (value: number) => number;
}

function grid({ top, step }: { readonly top: number; readonly step: number }, y: Scale["y"]): string {
  return Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step)
    .map((value) => {
      const at = y(value);
      const rule = line(
        `class="${value === 0 ? "axis" : "grid"}"`,
        [size.left, at],
        [size.width - size.right, at],
      );
      // Without trailing zeros, so that the ticks of one axis look alike.
      const tick = String(Number(value.toPrecision(3)));
      return `${rule}<text x="${size.left - 6}" y="${at + 4}" text-anchor="end">${tick}</text>`;
    })
    .join("");
}

function drawSeries({ points, name }: Series, index: number, scale: Scale): string {
  const colour = `class="s${index % seriesColours}"`;
  // Neighbouring arms are moved apart a little, so that their interval bars can be told apart.
  const at = ({ concurrency, estimate }: Point) => ({
    x: scale.x(concurrency) + index * 5,
    y: scale.y(estimate.value ?? 0),
  });
  const path = points.map((point) => `${at(point).x},${at(point).y}`).join(" ");
  const marks = points.map((point) => {
    const { x, y } = at(point);
    const { low, high, value, count } = point.estimate;
    const bar = low === null || high === null ? "" : line(colour, [x, scale.y(low)], [x, scale.y(high)]);
    const label = `${name}, ${point.concurrency}: ${numberText(value)} ms, n ${count}`;
    return `${bar}<g>${drawMark(index, [x, y], point.doubtful)}<title>${escapeHtml(label)}</title></g>`;
  });
  return `<polyline ${colour} points="${path}"/>${marks.join("")}`;
}
