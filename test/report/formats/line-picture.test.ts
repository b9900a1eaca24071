import { expect, test } from "vitest";
import { drawLines } from "../../../bench/report/formats/line-picture.ts";
import type { LinePicture } from "../../../bench/report/tables/document.ts";

const point = (at: number, value: number, changes: { low?: number; high?: number } = {}) => ({
  at,
  label: String(at),
  estimate: { value, count: 40, low: changes.low ?? null, high: changes.high ?? null },
  doubtful: false,
});
const picture = (changes: Partial<LinePicture> = {}): LinePicture => ({
  title: "E2E p50",
  xAxis: "episodes in flight",
  yAxis: "ms",
  leftOut: [],
  series: [{ name: "raw", points: [point(1, 40), point(4, 100)] }],
  ...changes,
});
/** Where the axis says that a value is: read off two of its ticks. */
function heightOf(svg: string, value: number): number {
  const ticks = [...svg.matchAll(/y="([\d.]+)" text-anchor="end">([\d.]+)</g)].map(
    ([, y, text]) => [Number(text), Number(y) - 4] as const,
  );
  const [[low, lowY] = [0, 0], [high, highY] = [1, 0]] = [ticks[0], ticks.at(-1)];
  return lowY + ((value - low) * (highY - lowY)) / (high - low);
}

test("repetitions are marks of their own, and the line goes through their mean", () => {
  const svg = drawLines(
    picture({ series: [{ name: "raw", points: [point(1, 40), point(4, 80), point(4, 120)] }] }),
  );
  const line = /<polyline class="s0" points="([^"]+)"/.exec(svg ?? "")?.[1]?.split(" ") ?? [];
  expect(line).toHaveLength(2);
  expect(Number(line[1]?.split(",")[1])).toBeCloseTo(heightOf(svg ?? "", 100), 0);
  expect((svg ?? "").match(/<g><circle/g)).toHaveLength(3);
});

test("a limit near what was measured is a line at its height; one far away is only said", () => {
  const near = drawLines(picture({ limit: { value: 150, text: "150ms" } })) ?? "";
  const y = Number(/class="limit"[^>]* y1="([\d.]+)"/.exec(near)?.[1]);
  expect(y).toBeCloseTo(heightOf(near, 150), 0);
  expect(near).toContain("E2E p50. Limit: 150ms<");
  const far = drawLines(picture({ limit: { value: 2000, text: "2s" } })) ?? "";
  expect(far).not.toContain('class="limit"');
  expect(far).toContain("Limit: 2s, far above");
  // The scale is that of the picture without one.
  expect(heightOf(far, 100)).toBe(heightOf(drawLines(picture()) ?? "", 100));
});

test("the end of an interval is on the picture, and what has none says so", () => {
  const svg =
    drawLines(
      picture({
        series: [{ name: "raw", points: [point(1, 40, { low: 30, high: 390 }), point(4, 100)] }],
      }),
    ) ?? "";
  expect(svg).toContain("raw, 1: 40.0 ms, 95 % 30.0 to 390, n 40");
  expect(svg).toContain("raw, 4: 100 ms, no interval, n 40");
  const ticks = [...svg.matchAll(/text-anchor="end">([\d.]+)</g)].map(([, text]) => Number(text));
  expect(Math.max(...ticks)).toBeGreaterThanOrEqual(390);
});

test("names of many arms take as many rows as they need, and none leaves the picture", () => {
  const names = Array.from({ length: 12 }, (_, at) => `an-arm-with-a-long-name-${at}`);
  const svg =
    drawLines(picture({ series: names.map((name) => ({ name, points: [point(1, 1), point(4, 2)] })) })) ?? "";
  const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? [];
  const places = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)">an-arm-with-a-long-name-\d+</g)];
  expect(places).toHaveLength(names.length);
  for (const [, x, y] of places) {
    expect(Number(x) + 25 * 7).toBeLessThanOrEqual(width + 40);
    expect(Number(y)).toBeLessThan(height);
  }
});

test("values below 0 have their place below the line of 0, whole intervals, and words for who sees no picture", () => {
  const svg =
    drawLines(
      picture({
        said: "raw, 1: faster",
        series: [{ name: "raw", points: [point(1, -3, { low: -5, high: -1 }), point(4, 2)] }],
      }),
    ) ?? "";
  const ticks = [...svg.matchAll(/y="([\d.]+)" text-anchor="end">(-?[\d.]+)</g)].map(
    ([, y, text]) => [Number(text), Number(y) - 4] as const,
  );
  const values = ticks.map(([value]) => value);
  expect(Math.min(...values)).toBeLessThanOrEqual(-5);
  expect(values).toContain(0);
  const zero = ticks.find(([value]) => value === 0)?.[1];
  const axis = Number(/class="axis" [^>]*y1="([\d.]+)"/.exec(svg)?.[1]);
  expect(axis).toBe(zero);
  const bars = [...svg.matchAll(/<line class="s0" [^>]*y1="([\d.]+)" y2="([\d.]+)"/g)];
  expect(bars).toHaveLength(1);
  for (const y of bars[0]?.slice(1).map(Number) ?? []) {
    expect(y).toBeGreaterThan(zero ?? Infinity);
    expect(y).toBeLessThanOrEqual(22 + 210);
  }
  expect(svg).toContain('aria-label="E2E p50: raw, 1: faster"');
});
