import type { LinePicture } from "../tables/document.ts";
import { numberText } from "../tables/number-text.ts";
import { meanOf } from "../../statistics/distribution.ts";
import { legendOf } from "./legend.ts";
import { drawMark } from "./marks.ts";
import { coordinate, escapeHtml, figure, line, roundUp } from "./svg.ts";

const size = { width: 380, plot: 210, left: 52, right: 14, top: 22, foot: 46 } as const;
const ticksWanted = 4;
const seriesColours = 5;
/** Times the largest value. */
const farLimit = 2;

type Series = LinePicture["series"][number];
type Point = Series["points"][number];

/** A line per series over the places, a bar for each interval. null below two points: one point is no line. */
export function drawLines({ title, xAxis, yAxis, series, limit, leftOut, said }: LinePicture): string | null {
  const points = series.flatMap(({ points }) => points);
  if (points.length < 2) return null;
  const places = [...new Map(points.map(({ at, label }) => [at, label]))].sort(([a], [b]) => a - b);
  const measured = Math.max(0, ...points.map(({ estimate }) => estimate.high ?? estimate.value ?? 0));
  // A limit that is far away would press all that was measured to the ground: it is only said.
  const near = limit !== undefined && limit.value <= farLimit * measured;
  const highest = near ? Math.max(measured, limit.value) : measured;
  // As tight as whole steps allow: half an empty picture makes every difference small.
  const lowest = Math.min(0, ...points.map(({ estimate }) => estimate.low ?? estimate.value ?? 0));
  const step = roundUp((highest - lowest) / ticksWanted, [1, 2, 2.5, 5, 10]);
  const bottom = Math.floor(lowest / step) * step;
  const top = Math.max(bottom === 0 ? 1 : 0, Math.ceil(highest / step)) * step;
  const [innerX, base] = [size.width - size.left - size.right, size.top + size.plot];
  const order = new Map(places.map(([at], index) => [at, index]));
  const scale: Scale = {
    // At equal distances: loads and lengths double, and what matters is which point is which.
    x: (at) => coordinate(size.left + (innerX * ((order.get(at) ?? 0) + 0.5)) / places.length),
    y: (value) => coordinate(size.top + size.plot * (1 - (value - bottom) / (top - bottom))),
    apart: Math.min(6, innerX / places.length / (series.length + 1)),
  };
  const shown = series.flatMap(({ name, points }, index) => (points.length === 0 ? [] : [{ name, index }]));
  const legend = legendOf(shown, { left: size.left, right: size.width });
  const height = base + size.foot + legend.height;
  const caption = [
    title,
    ...(limit === undefined ? [] : [`Limit: ${limit.text}${near ? "" : ", far above"}`]),
    ...(leftOut.length === 0 ? [] : [`Not drawn: ${leftOut.join(", ")}`]),
  ].join(". ");
  return figure(
    {
      caption,
      name: said === undefined ? title : `${title}: ${said}`,
      width: size.width,
      height,
      scroll: false,
    },
    [
      grid({ bottom, top, step }, scale.y),
      `<text x="2" y="11">${escapeHtml(yAxis)}</text><text x="${coordinate(size.left + innerX / 2)}" y="${base + 36}" text-anchor="middle">${escapeHtml(xAxis)}</text>`,
      places
        .map(
          ([at, label]) =>
            `<text x="${scale.x(at)}" y="${base + 18}" text-anchor="middle">${escapeHtml(label)}</text>`,
        )
        .join(""),
      near ? limitLine(limit, scale.y) : "",
      series
        .map((one, index) => {
          const beside = (index - (series.length - 1) / 2) * scale.apart;
          return drawSeries(one, { index, beside, scale, unit: yAxis });
        })
        .join("\n"),
      near ? limitText(limit, scale.y) : "",
      legend.draw(base + size.foot - 4),
    ],
  );
}

interface Scale {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  /** Between the marks of two series at one place, so that their interval bars can be told apart. */
  readonly apart: number;
}

function grid(
  { bottom, top, step }: { readonly bottom: number; readonly top: number; readonly step: number },
  y: Scale["y"],
): string {
  const first = Math.round(bottom / step);
  return Array.from({ length: Math.round(top / step) - first + 1 }, (_, at) => (first + at) * step)
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

type Limit = NonNullable<LinePicture["limit"]>;

function limitLine({ value }: Limit, y: Scale["y"]): string {
  return line('class="limit"', [size.left, y(value)], [size.width - size.right, y(value)]);
}

/** Above all that is drawn, where a first load seldom has its marks. */
function limitText({ value, text }: Limit, y: Scale["y"]): string {
  return `<text class="over" x="${size.left + 3}" y="${y(value) - 5}">limit ${escapeHtml(text)}</text>`;
}

function drawSeries(
  { points, name }: Series,
  {
    index,
    beside,
    scale,
    unit,
  }: {
    readonly index: number;
    /** How far right of their place its marks stand. */
    readonly beside: number;
    readonly scale: Scale;
    readonly unit: string;
  },
): string {
  const colour = `class="s${index % seriesColours}"`;
  const x = (at: number) => coordinate(scale.x(at) + beside);
  // Repetitions stand above each other: the line goes through their mean.
  const path = [...Map.groupBy(points, ({ at }) => at)].map(
    ([at, same]) => `${x(at)},${scale.y(meanOf(same.map(({ estimate }) => estimate.value ?? 0)))}`,
  );
  const marks = points.map((point: Point) => {
    const { low, high, value, count } = point.estimate;
    const [atX, atY] = [x(point.at), scale.y(value ?? 0)];
    const bar = low === null || high === null ? "" : line(colour, [atX, scale.y(low)], [atX, scale.y(high)]);
    const interval =
      low === null || high === null ? "no interval" : `95 % ${numberText(low)} to ${numberText(high)}`;
    const label = `${name}, ${point.label}: ${numberText(value)} ${unit}, ${interval}, n ${count}`;
    return `${bar}<g>${drawMark(index, [atX, atY], point.doubtful)}<title>${escapeHtml(label)}</title></g>`;
  });
  return `<polyline ${colour} points="${path.join(" ")}"/>${marks.join("")}`;
}
