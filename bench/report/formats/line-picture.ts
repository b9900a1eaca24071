import type { LinePicture } from "../tables/document.ts";
import { numberText } from "../tables/number-text.ts";
import { coordinate, escapeHtml, figure, line, roundUp } from "./svg.ts";

const size = { width: 520, height: 300, left: 64, right: 16, top: 16, bottom: 56 } as const;
const seriesColours = 5;

type Series = LinePicture["series"][number];
type Point = Series["points"][number];

/** A line per arm over the loads, a bar for each interval. null below two points: one point is no line. */
export function drawLines({ title, series, leftOut }: LinePicture): string | null {
  const points = series.flatMap(({ points }) => points);
  if (points.length < 2) return null;
  const loads = [...new Set(points.map(({ concurrency }) => concurrency))].sort((a, b) => a - b);
  const highest = Math.max(...points.map(({ estimate }) => estimate.high ?? estimate.value ?? 0));
  const top = roundUp(highest, [1, 2, 2.5, 5, 10]);
  const [innerX, innerY] = [size.width - size.left - size.right, size.height - size.top - size.bottom];
  const scale: Scale = {
    // Loads at equal distances: sweeps double them, and what matters is which point is which.
    x: (load) => coordinate(size.left + (innerX * (loads.indexOf(load) + 0.5)) / loads.length),
    y: (value) => coordinate(size.top + innerY * (1 - value / top)),
  };
  const { width, height } = size;
  const caption = leftOut.length === 0 ? title : `${title}. Not drawn: ${leftOut.join(", ")}`;
  return figure({ caption, name: title, width, height, scroll: false }, [
    grid(top, scale.y),
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
          : `<text class="key s${index % seriesColours}" x="${size.left + index * 120}" y="${height - 10}">&#9632; ${escapeHtml(name)}</text>`,
      )
      .join(""),
  ]);
}

interface Scale {
  readonly x: (load: number) => number;
  readonly y: (value: number) => number;
}

function grid(top: number, y: Scale["y"]): string {
  return [0, 0.25, 0.5, 0.75, 1]
    .map((share) => {
      const at = y(top * share);
      const rule = line(
        `class="${share === 0 ? "axis" : "grid"}"`,
        [size.left, at],
        [size.width - size.right, at],
      );
      // Without trailing zeros, so that the ticks of one axis look alike.
      const tick = String(Number((top * share).toPrecision(3)));
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
    return `${bar}<circle ${colour} cx="${x}" cy="${y}" r="4"><title>${escapeHtml(label)}</title></circle>`;
  });
  return `<polyline ${colour} points="${path}"/>${marks.join("")}`;
}
