import type { IntervalPicture, IntervalRow } from "../tables/document.ts";
import { differenceText } from "../tables/number-text.ts";
import { coordinate, escapeHtml, figure, line, roundUp } from "./svg.ts";

const size = { row: 26, plot: 600, gap: 14, foot: 46, character: 7.2 } as const;
const ticksMax = 8;

/**
 * Estimates with their intervals as bars below each other, all on one millisecond axis with its zero line. Every bar is told
 * apart by its label and the shape of its mark; no colour is needed. Without a single interval there is no axis to draw.
 */
export function drawIntervals({ groups, name, caption, axis: axisText }: IntervalPicture): string {
  const rows = groups.flatMap(({ rows }) => rows);
  const labels = 1.5 * size.gap + Math.max(0, ...rows.map(({ label }) => size.character * label.length));
  const values = Math.max(0, ...rows.map((row) => size.character * rowText(row).length));
  // The numbers stand before the bars: a narrow page shows them without being scrolled.
  const left = Math.ceil(labels + values + size.gap);
  const heads = groups.map(({ title }) => size.character * title.length);
  const width = Math.ceil(Math.max(left + size.plot + 2 * size.gap, ...heads));
  const bottom = size.row * (groups.length + rows.length) + size.gap;
  const axis = axisOf(rows);
  const x = (value: number) => {
    if (axis === null) return left;
    return coordinate(left + (size.plot * (value - axis.low)) / (axis.high - axis.low));
  };
  const place = { x, valuesX: Math.ceil(labels) };
  let y = 0;
  const drawn = groups.flatMap(({ title, rows }) => {
    y += size.row;
    const head = `<text class="group" x="0" y="${y - 8}" style="font-weight: 600; fill: var(--ink)">${escapeHtml(title)}</text>`;
    return [head, ...rows.map((row) => drawRow(row, { ...place, middle: (y += size.row) - size.row / 2 }))];
  });
  return figure({ caption, name, width, height: bottom + size.foot, scroll: true }, [
    axis === null ? "" : drawAxis(axis, { x, bottom, text: axisText }),
    ...drawn,
  ]);
}

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Zero is always on it, and every interval is whole. null without one. */
function axisOf(rows: readonly IntervalRow[]): Axis | null {
  const ends = rows.flatMap(({ interval }) => (interval === null ? [] : [interval.low, interval.high]));
  if (ends.length === 0) return null;
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const step = roundUp((most - least) / (ticksMax - 2), [1, 2, 5, 10]);
  // One step more on both sides than is needed at least, so that no end of a bar lies on the border.
  const [first, last] = [Math.ceil(least / step) - 1, Math.floor(most / step) + 1];
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
  return { low: first * step, high: last * step, ticks };
}

function drawAxis(
  { ticks }: Axis,
  { x, bottom, text }: { x: (value: number) => number; bottom: number; text: string },
): string {
  const lines = ticks.map((tick) => {
    const at = x(tick);
    const kind = tick === 0 ? 'class="axis zero" stroke-width="2"' : 'class="grid" stroke-dasharray="2 4"';
    return `${line(kind, [at, size.row], [at, bottom])}<text class="tick" x="${at}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`;
  });
  const middle = x(((ticks[0] ?? 0) + (ticks.at(-1) ?? 0)) / 2);
  const title = `<text x="${middle}" y="${bottom + 36}" text-anchor="middle">${escapeHtml(text)}</text>`;
  return [...lines, title].join("\n");
}

/** As many digits as a step needs: ticks are multiples of one, and floating point leaves a rest. */
function tickText(value: number): string {
  return `${value > 0 ? "+" : ""}${Number(value.toPrecision(6))}`;
}

function rowText({ interval, absent, count }: IntervalRow): string {
  if (interval === null) return absent;
  const { estimate, low, high } = interval;
  return `${differenceText({ value: estimate, low, high, count })} ms`;
}

interface Place {
  readonly x: (value: number) => number;
  readonly valuesX: number;
  readonly middle: number;
}

function drawRow(row: IntervalRow, { x, valuesX, middle }: Place): string {
  const { label, interval } = row;
  const baseline = middle + 4;
  const bar =
    interval === null
      ? ""
      : drawBar(row, {
          low: x(interval.low),
          high: x(interval.high),
          estimate: x(interval.estimate),
          middle,
        });
  return `<g class="row"><title>${escapeHtml(`${label}: ${rowText(row)}`)}</title><text x="${size.gap / 2}" y="${baseline}">${escapeHtml(label)}</text>${bar}<text class="value" x="${valuesX}" y="${baseline}">${escapeHtml(rowText(row))}</text></g>`;
}

function drawBar(
  { mark }: IntervalRow,
  at: { readonly low: number; readonly high: number; readonly estimate: number; readonly middle: number },
): string {
  const bar = line('class="bar"', [at.low, at.middle], [at.high, at.middle]);
  const ends = [at.low, at.high].map((x) => line('class="end"', [x, at.middle - 5], [x, at.middle + 5]));
  return `<g stroke="currentColor" stroke-width="2">${bar}${ends.join("")}${drawMark(mark, at.estimate, at.middle)}</g>`;
}

/** What is compared is filled. The controls, which have to show nothing, are hollow: the A/A run round, the null proxy square. */
function drawMark(mark: IntervalRow["mark"], x: number, y: number): string {
  if (mark === "nullProxy")
    return `<rect class="mark" x="${coordinate(x - 4.5)}" y="${y - 4.5}" width="9" height="9" style="fill: var(--paper)"/>`;
  const fill = mark === "compared" ? "currentColor" : "var(--paper)";
  return `<circle class="mark" cx="${x}" cy="${y}" r="5" style="fill: ${fill}"/>`;
}
