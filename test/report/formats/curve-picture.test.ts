import { array, assert, double, property, record } from "fast-check";
import { expect, test } from "vitest";
import { drawCurve, frontOf } from "../../../bench/report/formats/curve-picture.ts";

const finite = double({ min: 0, max: 1e6, noNaN: true });
const points = array(record({ x: finite, y: finite }), { minLength: 1, maxLength: 30 });

test("the front is what nothing beats in both: no point on it is beaten, and every other one is", () => {
  assert(
    property(points, (all) => {
      const front = frontOf(all);
      const beaten = (one: { x: number; y: number }) =>
        all.some((other) => other.x >= one.x && other.y >= one.y && (other.x > one.x || other.y > one.y));
      for (const one of front) expect(beaten(one)).toBe(false);
      const isOnIt = (one: { x: number; y: number }) => front.some(({ x, y }) => x === one.x && y === one.y);
      for (const one of all) expect(isOnIt(one)).toBe(!beaten(one));
    }),
  );
});

const curveOf = (ys: readonly number[], xs: readonly number[], more: object = {}) =>
  drawCurve({
    title: "t",
    xAxis: "x",
    yAxis: "y",
    series: ys.map((y, at) => ({
      name: `arm ${at}`,
      points: [{ x: xs[at] ?? 0, y, label: "4", doubtful: false }],
    })),
    ...more,
  }) ?? "";
/** Where the marks of the first two series are: a circle and a square. */
const placesOf = (svg: string) => {
  const [, x, y] = /<circle [^>]*cx="([\d.]+)" cy="([\d.]+)"/.exec(svg) ?? [];
  const [, left, top, side] = /<rect [^>]*x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/.exec(svg) ?? [];
  const half = Number(side) / 2;
  return [
    [Number(x), Number(y)],
    [Number(left) + half, Number(top) + half],
  ] as const;
};

test("where the ends are stated, what is nearly the same looks the same, and stands at its place between them", () => {
  const svg = curveOf([36, 36.2], [100, 101], { yEnds: [0, 100], xFromZero: true });
  const [[x, y], [otherX, otherY]] = placesOf(svg);
  expect(Math.abs(y - otherY)).toBeLessThan(1);
  expect(Math.abs(x - otherX)).toBeLessThan(5);
  expect(y).toBeCloseTo(22 + 230 * (1 - 0.36), 0);
  const ticks = [...svg.matchAll(/text-anchor="end">([\d.]+)</g)].map(([, text]) => Number(text));
  expect(ticks).toEqual([0, 25, 50, 75, 100]);
});

test("arms that lie on each other have their number once, arms apart have one each", () => {
  const numbers = (svg: string) => svg.match(/>4<\/text>/g)?.length;
  expect(numbers(curveOf([36, 36], [100, 100], { yEnds: [0, 100], xFromZero: true }))).toBe(1);
  expect(numbers(curveOf([36, 36], [100, 50], { yEnds: [0, 100], xFromZero: true }))).toBe(2);
});

test("every point lies within the axes, whose ends are as near as whole steps allow", () => {
  assert(
    property(points, (all) => {
      const series = [
        { name: "raw", points: all.map((point) => ({ ...point, label: "1", doubtful: false })) },
      ];
      const svg = drawCurve({ title: "t", xAxis: "x", yAxis: "y", series });
      if (svg === null) return;
      expect(svg).not.toMatch(/NaN|Infinity/);
      // The last mark is the legend's.
      const marks = [...svg.matchAll(/<circle [^>]*cx="([-\d.]+)" cy="([-\d.]+)"/g)].slice(0, -1);
      for (const [, x, y] of marks) {
        expect(Number(x)).toBeGreaterThanOrEqual(52);
        expect(Number(x)).toBeLessThanOrEqual(380 - 30);
        expect(Number(y)).toBeGreaterThanOrEqual(22);
        expect(Number(y)).toBeLessThanOrEqual(22 + 230);
      }
    }),
  );
});
