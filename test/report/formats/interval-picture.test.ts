import { expect, test } from "vitest";
import { drawIntervals } from "../../../bench/report/formats/interval-picture.ts";
import type { IntervalPicture, IntervalRow } from "../../../bench/report/tables/document.ts";

const text = { name: "difference", caption: "What it is", axis: "ms" };
const intervalPicture = (groups: IntervalPicture["groups"], words: typeof text) =>
  drawIntervals({ ...words, groups });
const rowOf = (label: string, interval: IntervalRow["interval"], changes: Partial<IntervalRow> = {}) => {
  return { label, mark: "compared" as const, interval, absent: "absent: no pairs", count: 40, ...changes };
};
const rows = [
  rowOf("gateway", { estimate: 3, low: 2.5, high: 3.5 }),
  rowOf("raw.2 (A/A floor)", { estimate: -0.1, low: -0.6, high: 0.4 }, { mark: "aaRun" }),
  rowOf("null-proxy (placebo)", { estimate: 1, low: 0.5, high: 1.5 }, { mark: "nullProxy" }),
];
const rowsIn = (svg: string) => svg.match(/<g class="row">.*?<\/text><\/g>/gs) ?? [];
const numbersIn = (svg: string, pattern: RegExp) =>
  [...svg.matchAll(pattern)].map(([, ...found]) => found.map(Number));
const bar = /class="bar" x1="([-\d.]+)" x2="([-\d.]+)"/g;

/** Where each labelled tick is: what a reader measures a bar with. */
function ticksOf(svg: string): ReadonlyMap<number, number> {
  const found = numbersIn(svg, /class="tick" x="([-\d.]+)"[^>]*>([-+\d.e]+)</g);
  return new Map(found.map(([x = Number.NaN, value = Number.NaN]) => [value, x]));
}

/** Reads a bar off the axis as a reader does: by two of its ticks. */
function readOff(svg: string): (x: number) => number {
  const ticks = [...ticksOf(svg)];
  const [[low, lowX] = [0, 0], [high, highX] = [0, 0]] = [ticks[0], ticks.at(-1)];
  expect(highX).toBeGreaterThan(lowX);
  return (x) => low + ((x - lowX) * (high - low)) / (highX - lowX);
}

test("groups and rows stand in the order in which they were given, each with its numbers", () => {
  const svg = intervalPicture(
    [
      { title: "one", rows },
      { title: "two", rows: rows.slice(0, 1) },
    ],
    text,
  );
  const texts = [...svg.matchAll(/<text class="(?:group|value)"[^>]*>([^<]+)|<\/title><text[^>]*>([^<]+)/g)];
  expect(texts.map(([, numbers, label]) => numbers ?? label)).toEqual([
    "one",
    "gateway",
    "+3.00 [+2.50, +3.50] ms",
    "raw.2 (A/A floor)",
    "-0.100 [-0.600, +0.400] ms",
    "null-proxy (placebo)",
    "+1.00 [+0.500, +1.50] ms",
    "two",
    "gateway",
    "+3.00 [+2.50, +3.50] ms",
  ]);
  const heights = numbersIn(svg, /class="bar"[^>]* y1="([\d.]+)"/g).flat();
  expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  expect(new Set(heights).size).toBe(4);
});

test.each([1, 1000, 1e-4])("bars, marks and the zero line lie where one axis says, times %d", (factor) => {
  const scaled = rows.map((row) => {
    const { estimate, low, high } = row.interval ?? { estimate: 0, low: 0, high: 0 };
    return { ...row, interval: { estimate: estimate * factor, low: low * factor, high: high * factor } };
  });
  const svg = intervalPicture([{ title: "one", rows: scaled }], text);
  const valueAt = readOff(svg);
  // Half a pixel is less: a millisecond has more than 100 of them here, and places are rounded to a tenth of one.
  const near = (x: number, value: number) =>
    expect(Math.abs(valueAt(x) - value)).toBeLessThan(factor * 0.005);
  const bars = numbersIn(svg, bar);
  for (const [at, { interval }] of scaled.entries()) {
    const [low = Number.NaN, high = Number.NaN] = bars[at] ?? [];
    near(low, interval.low);
    near(high, interval.high);
  }
  const circles = numbersIn(svg, /<circle class="mark" cx="([-\d.]+)"/g).flat();
  near(circles[0] ?? Number.NaN, 3 * factor);
  near(circles[1] ?? Number.NaN, -0.1 * factor);
  const zero = numbersIn(svg, /class="axis zero"[^>]*x1="([-\d.]+)" x2="([-\d.]+)"/g).flat();
  expect(zero).toEqual([ticksOf(svg).get(0), ticksOf(svg).get(0)]);
  const inside = [...ticksOf(svg).values()];
  for (const x of bars.flat()) {
    expect(x).toBeGreaterThan(Math.min(...inside));
    expect(x).toBeLessThan(Math.max(...inside));
  }
});

test("zero is on the axis where every arm is slower, and where every difference is exactly zero", () => {
  for (const value of [100, 0]) {
    const row = rowOf("gateway", { estimate: value, low: value, high: value });
    const svg = intervalPicture([{ title: "one", rows: [row] }], text);
    expect(ticksOf(svg).has(0)).toBe(true);
    expect(svg).not.toMatch(/NaN|Infinity/);
    const [[x = Number.NaN] = []] = numbersIn(svg, bar);
    expect(readOff(svg)(x)).toBeCloseTo(value, 0);
  }
});

test("without an interval there is a reason in its place and neither bar nor number; without any, no axis", () => {
  const absent = rowOf("gateway", null, { absent: "absent: too few blocks", count: 3 });
  const svg = intervalPicture([{ title: "one", rows: [...rows, absent] }], text);
  const last = rowsIn(svg).at(-1) ?? "";
  expect(last).toContain(">absent: too few blocks</text>");
  expect(last).not.toMatch(/<line|<circle|<rect|>[-+]?\d/);
  expect(ticksOf(svg)).toEqual(ticksOf(intervalPicture([{ title: "one", rows }], text)));
  const empty = intervalPicture([{ title: "one", rows: [absent] }], text);
  expect(empty).toContain(">absent: too few blocks</text>");
  expect(empty).not.toMatch(/<line|class="tick"|NaN|Infinity/);
});

test("what is compared, the A/A run and the null proxy differ in shape, not in colour", () => {
  const marks = rowsIn(intervalPicture([{ title: "one", rows }], text)).map((row) =>
    /<(circle|rect) class="mark"[^>]*fill: ([^"]+)"/.exec(row)?.slice(1),
  );
  expect(marks).toEqual([
    ["circle", "currentColor"],
    ["circle", "var(--paper)"],
    ["rect", "var(--paper)"],
  ]);
});

test("names are text, whatever is in them", () => {
  const svg = intervalPicture([{ title: "<b>", rows: [rowOf('"<i>', null, { absent: "a & b" })] }], text);
  expect(svg).not.toMatch(/<[bi]>| & /);
  expect(svg).toContain("&quot;&lt;i&gt;");
});
