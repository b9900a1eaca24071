import type { CurvePicture } from "../tables/document.ts";
import { numberText } from "../tables/number-text.ts";
import { legendOf } from "./legend.ts";
import { coordinate, escapeHtml, figure, line, roundUp } from "./svg.ts";
import { drawMark } from "./marks.ts";

const size = { width: 380, plot: 230, left: 52, right: 30, top: 22, foot: 46 } as const;
const ticksWanted = 4;
/** As a share of the largest value. */
const leastSpread = 0.05;

/** Points of two quantities that both should be large, and the line of those that no other point beats in both. null below two points. */
export function drawCurve({ title, xAxis, yAxis, yEnds, xFromZero, series }: CurvePicture): string | null {
  const points = series.flatMap((one, index) =>
    one.points.map((point) => ({ ...point, arm: one.name, index })),
  );
  if (points.length < 2) return null;
  const xTicks = ticksTo([...(xFromZero === true ? [0] : []), ...points.map(({ x }) => x)]);
  const yTicks = yEnds === undefined ? ticksTo(points.map(({ y }) => y)) : ticksBetween(yEnds);
  const innerX = size.width - size.left - size.right;
  const x = (value: number) => coordinate(size.left + innerX * shareOf(value, xTicks));
  const y = (value: number) => coordinate(size.top + size.plot * (1 - shareOf(value, yTicks)));
  const [base, edge] = [size.top + size.plot, size.width - size.right];
  const shown = series.flatMap((one, index) => (one.points.length === 0 ? [] : [{ name: one.name, index }]));
  const legend = legendOf(shown, { left: size.left, right: size.width });
  const height = base + size.foot + legend.height;
  const front = frontOf(points).map((point) => `${x(point.x)},${y(point.y)}`);
  return figure({ caption: title, name: title, width: size.width, height, scroll: false }, [
    yTicks
      .map(
        (tick) =>
          `${line(`class="${tick === yTicks[0] ? "axis" : "grid"}"`, [size.left, y(tick)], [edge, y(tick)])}<text x="${size.left - 6}" y="${y(tick) + 4}" text-anchor="end">${Number(tick.toPrecision(3))}</text>`,
      )
      .join(""),
    xTicks
      .map(
        (tick) =>
          `${line('class="grid"', [x(tick), size.top], [x(tick), base])}<text x="${x(tick)}" y="${base + 18}" text-anchor="middle">${Number(tick.toPrecision(3))}</text>`,
      )
      .join(""),
    `<text x="2" y="11">${escapeHtml(yAxis)}</text><text x="${coordinate(size.left + innerX / 2)}" y="${base + 36}" text-anchor="middle">${escapeHtml(xAxis)}</text>`,
    `<polyline class="front" points="${front.join(" ")}"/>`,
    ...points.map((point) => {
      const text = `${point.arm}, ${point.label}: ${numberText(point.x)} and ${numberText(point.y)}`;
      return `<g>${drawMark(point.index, [x(point.x), y(point.y)], point.doubtful)}<title>${escapeHtml(text)}</title></g>`;
    }),
    ...labelsOf(points.map((point) => ({ label: point.label, x: x(point.x), y: y(point.y) }))).map(
      (one) =>
        `<text x="${one.x + 8}" y="${one.y + (one.y < size.top + 12 ? 14 : -6)}">${escapeHtml(one.label)}</text>`,
    ),
    legend.draw(base + size.foot - 4),
  ]);
}

interface PlacedLabel {
  readonly label: string;
  readonly x: number;
  readonly y: number;
}

/** Arms that are alike lie on each other: the same number twice at one place cannot be read. */
function labelsOf(labels: readonly PlacedLabel[]): readonly PlacedLabel[] {
  return labels.filter(
    (one, at) =>
      !labels
        .slice(0, at)
        .some(
          (other) =>
            other.label === one.label && Math.abs(other.x - one.x) < 12 && Math.abs(other.y - one.y) < 12,
        ),
  );
}

/** As tight as whole steps allow, and not from 0: where a point is among the others is what is looked for. */
function ticksTo(values: readonly number[]): readonly number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // Values that are nearly equal are not spread over the picture: their last digits say nothing.
  const step = roundUp(Math.max(most - least, leastSpread * most) / ticksWanted, [1, 2, 2.5, 5, 10]);
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

function ticksBetween([least, most]: readonly [number, number]): readonly number[] {
  return Array.from({ length: ticksWanted + 1 }, (_, at) => least + ((most - least) * at) / ticksWanted);
}

function shareOf(value: number, ticks: readonly number[]): number {
  const [first = 0, last = 1] = [ticks[0], ticks.at(-1)];
  return (value - first) / (last - first);
}

/** From the left: points that are higher than every point to the right of them. */
export function frontOf<Point extends { readonly x: number; readonly y: number }>(
  points: readonly Point[],
): readonly Point[] {
  const fromRight = points.toSorted((a, b) => b.x - a.x || b.y - a.y);
  let highest = Number.NEGATIVE_INFINITY;
  const front = fromRight.filter(({ y }) => {
    if (y <= highest) return false;
    highest = y;
    return true;
  });
  return front.toReversed();
}
