import { expect, test } from "vitest";
import { drawOverTime } from "../../../bench/report/formats/over-time-picture.ts";
import type { OverTimePicture } from "../../../bench/report/tables/document.ts";

const picture: OverTimePicture = {
  title: "c4-r0-raw",
  seconds: 40,
  inFlight: [0, 4, 4, 2],
  engine: { running: [1, 4], queued: [12, null], kvUsage: [0.25, null] },
};
const pointsOf = (svg: string, kind: string) =>
  [...svg.matchAll(new RegExp(`<polyline class="${kind}" points="([^"]+)"`, "g"))].map(([, points = ""]) =>
    points.split(" ").map((point) => point.split(",").map(Number)),
  );

test("both lines stand on one scale, and the peaks are words, too", () => {
  const svg = drawOverTime(picture);
  const [inFlight = []] = pointsOf(svg, "s0");
  const [queued = []] = pointsOf(svg, "s1 dashed");
  const heightOf = (points: readonly number[][], at: number) => 18 + 74 - (points[at]?.[1] ?? Number.NaN);
  expect(heightOf(inFlight, 0)).toBe(0);
  // 12 in the queue are three times as high as 4 in flight.
  expect(heightOf(queued, 0)).toBeCloseTo(3 * heightOf(inFlight, 2), 0);
  expect(svg).toContain("c4-r0-raw: in flight up to 4, queued up to 12, KV up to 25 %");
});

test("a step without a reading is a gap and no zero", () => {
  const svg = drawOverTime(picture);
  const [queued = []] = pointsOf(svg, "s1 dashed");
  const middle = 38 + (300 - 38 - 8) / 2;
  expect(Math.max(...queued.map(([x = 0]) => x))).toBeCloseTo(middle, 0);
  const silent = { running: [null], queued: [null], kvUsage: [null] };
  const text = drawOverTime({ ...picture, engine: silent });
  expect(text).toContain("queue not known");
  expect(text).not.toMatch(/dashed|KV|NaN|Infinity/);
});

test("an engine that was not read is said to be so, and a cell without a request is drawn", () => {
  const svg = drawOverTime({ ...picture, inFlight: [0, 0], engine: null, title: "<b>" });
  expect(svg).toContain("&lt;b&gt;: in flight up to 0; the engine was not read");
  expect(svg).not.toMatch(/NaN|Infinity|<b>|dashed/);
});
