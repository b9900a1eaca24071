import type { LinePicture } from "../tables/document.ts";
import { numberText } from "../tables/number-text.ts";
import { meanOf } from "../../statistics/distribution.ts";
import { legendOf } from "./legend.ts";
import { drawMark } from "./marks.ts";
import { coordinate, escapeHtml, figure, line, roundUp } from "./svg.ts";

const size = { width: 380, plot: 210, left: 52, right: 14, top: 22, foot: 46 } as const;
const ticksWanted = 4;
const seriesColours = 5;
/** Of a series: more would be one thick line. */
const marksMax = 40;
/** Times the largest value. */
const farLimit = 2;

type Series = LinePicture["series"][number];
type Point = Series["points"][number];

/** A line per series over the places, a bar for each interval. null below two points: one point is no line. */
export function drawLines(picture: LinePicture): string | null {
  const { title, xAxis, yAxis, series, limit, leftOut, said } = picture;
  const points = series.flatMap(({ points }) => points);
  if (points.filter(({ estimate }) => estimate.value !== null).length < 2) return null;
  const places = [...new Map(points.map(({ at, label }) => [at, label]))].sort(([a], [b]) => a - b);
  const { bottom, top, step, nearLimit } = rangeOf(picture, points);
  const [innerX, base] = [size.width - size.left - size.right, size.top + size.plot];
  const shareOf = placeShares(
    places.map(([at]) => at),
    picture.xIsNumber === true,
  );
  const scale: Scale = {
    x: (at) => coordinate(size.left + innerX * shareOf(at)),
    y: (value) => coordinate(size.top + size.plot * (1 - (value - bottom) / (top - bottom))),
    apart: Math.min(6, innerX / places.length / (series.length + 1)),
  };
  const shown = series.flatMap(({ name, points }, index) => (points.length === 0 ? [] : [{ name, index }]));
  const legend = legendOf(shown, { left: size.left, right: size.width });
  const height = base + size.foot + legend.height;
  const caption = [
    title,
    ...(limit === undefined ? [] : [`Limit: ${limit.text}${nearLimit === null ? ", far above" : ""}`]),
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
      (picture.xIsNumber === true ? labelsThatFit(places, scale.x) : places)
        .map(
          ([at, label]) =>
            `<text x="${scale.x(at)}" y="${base + 18}" text-anchor="middle">${escapeHtml(label)}</text>`,
        )
        .join(""),
      nearLimit === null ? "" : limitLine(nearLimit, scale.y),
      series
        .map((one, index) => {
          const beside = (index - (series.length - 1) / 2) * scale.apart;
          return drawSeries(one, { index, beside, scale, unit: yAxis });
        })
        .join("\n"),
      nearLimit === null ? "" : limitText(nearLimit, scale.y),
      legend.draw(base + size.foot - 4),
    ],
  );
}

/** As tight as whole steps allow: half an empty picture makes every difference small. */
function rangeOf({ limit, yEnds }: LinePicture, points: readonly Point[]) {
  const measured = Math.max(0, ...points.map(({ estimate }) => estimate.high ?? estimate.value ?? 0));
  if (yEnds !== undefined) {
    const [bottom, top] = yEnds;
    const isShown = limit !== undefined && limit.value >= bottom && limit.value <= top;
    return { bottom, top, step: (top - bottom) / ticksWanted, nearLimit: isShown ? limit : null };
  }
  // A limit that is far away would press all that was measured to the ground: it is only said.
  const nearLimit = limit !== undefined && limit.value <= farLimit * measured ? limit : null;
  const highest = Math.max(measured, nearLimit?.value ?? 0);
  const lowest = Math.min(0, ...points.map(({ estimate }) => estimate.low ?? estimate.value ?? 0));
  const step = roundUp((highest - lowest) / ticksWanted, [1, 2, 2.5, 5, 10]);
  const bottom = Math.floor(lowest / step) * step;
  const top = Math.max(bottom === 0 ? 1 : 0, Math.ceil(highest / step)) * step;
  return { bottom, top, step, nearLimit };
}

/** Where a place stands, 0..1. */
function placeShares(places: readonly number[], isNumber: boolean): (at: number) => number {
  const [first = 0, last = 0] = [places[0], places.at(-1)];
  // Half of what is between two neighbours stays free at both ends.
  const margin = 0.5 / Math.max(1, places.length);
  if (isNumber && last > first) return (at) => margin + ((1 - 2 * margin) * (at - first)) / (last - first);
  const order = new Map(places.map((at, index) => [at, index]));
  // At equal distances: loads and lengths double, and what matters is which point is which.
  return (at) => ((order.get(at) ?? 0) + 0.5) / places.length;
}

const characterWidth = 7.2;

/** Round ones, as many as do not touch, and before them what is no number of the axis: the baseline. */
function labelsThatFit(
  places: readonly (readonly [at: number, label: string])[],
  x: (at: number) => number,
): readonly (readonly [at: number, label: string])[] {
  const fitting = strides
    .map((stride) => places.filter(([at]) => at < 0 || at % stride === 0))
    .find(doNotTouch);
  return fitting ?? places.slice(0, 1);

  function doNotTouch(chosen: typeof places): boolean {
    return chosen.every(([at, label], number) => {
      const before = chosen[number - 1];
      return (
        before === undefined ||
        x(at) - x(before[0]) > (characterWidth * (label.length + before[1].length + 1)) / 2
      );
    });
  }
}

const strides = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

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
  const every = Math.ceil(points.length / marksMax);
  const marks = points.map((point: Point, number) => {
    const { low, high, value, count } = point.estimate;
    if (value === null || (number % every > 0 && !point.doubtful)) return "";
    const [atX, atY] = [x(point.at), scale.y(value)];
    const bar = low === null || high === null ? "" : line(colour, [atX, scale.y(low)], [atX, scale.y(high)]);
    const interval =
      low === null || high === null ? "no interval" : `95 % ${numberText(low)} to ${numberText(high)}`;
    const label = `${name}, ${point.label}: ${numberText(value)} ${unit}, ${interval}, n ${count}`;
    return `${bar}<g>${drawMark(index, [atX, atY], point.doubtful)}<title>${escapeHtml(label)}</title></g>`;
  });
  const paths = unbroken(points).map(
    (path) =>
      `<polyline ${colour} points="${path.map(({ at, value }) => `${x(at)},${scale.y(value)}`).join(" ")}"/>`,
  );
  return `${paths.join("")}${marks.join("")}`;
}

/** Stretches without a point whose value is not known. Repetitions stand above each other: the line goes through their mean. */
function unbroken(points: readonly Point[]): readonly { readonly at: number; readonly value: number }[][] {
  const stretches: { readonly at: number; readonly value: number }[][] = [[]];
  for (const [at, same] of Map.groupBy(points, (point) => point.at)) {
    const known = same.flatMap(({ estimate }) => estimate.value ?? []);
    if (known.length === 0) stretches.push([]);
    else stretches.at(-1)?.push({ at, value: meanOf(known) });
  }
  return stretches.filter(({ length }) => length > 0);
}
