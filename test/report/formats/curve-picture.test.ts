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
