import type { Interval } from "../../statistics/interval.ts";
import { escapeHtml } from "./html-text.ts";
import { differenceText } from "../tables/number-text.ts";

/** One difference: what it is called, what kind it is, and its interval or the reason why there is none. */
export interface PictureRow {
  readonly label: string;
  readonly mark: "compared" | "again" | "placebo";
  readonly interval: Pick<Interval, "estimate" | "low" | "high"> | null;
  /** Shown in place of the interval where there is none. */
  readonly absent: string;
  readonly count: number;
}

export interface PictureGroup {
  readonly title: string;
  readonly rows: readonly PictureRow[];
}

const size = { row: 26, plot: 600, gap: 14, foot: 46, character: 7.2 } as const;
const ticksMax = 8;

/**
 * Estimates with their intervals as bars below each other, all on one millisecond axis with its zero line. Every bar is told
 * apart by its label and the shape of its mark; no colour is needed. Without a single interval there is no axis to draw.
 */
export function intervalPicture(
  groups: readonly PictureGroup[],
  text: { readonly name: string; readonly caption: string; readonly axis: string },
): string {
  const rows = groups.flatMap(({ rows }) => rows);
  const left = size.gap + Math.max(0, ...rows.map(({ label }) => size.character * label.length));
  const right = Math.max(0, ...rows.map((row) => size.character * rowText(row).length));
  const heads = groups.map(({ title }) => size.character * title.length);
  const width = Math.ceil(Math.max(left + size.plot + 2 * size.gap + right, ...heads));
  const bottom = size.row * (groups.length + rows.length) + size.gap;
  const axis = axisOf(rows);
  const x = (value: number) => {
    if (axis === null) return left;
    return round(left + (size.plot * (value - axis.low)) / (axis.high - axis.low));
  };
  const place = { x, valuesX: left + size.plot + 2 * size.gap };
  let y = 0;
  const drawn = groups.map(({ title, rows }) => {
    y += size.row;
    const head = `<text class="group" x="0" y="${y - 8}" style="font-weight: 600; fill: var(--ink)">${escapeHtml(title)}</text>`;
    return [head, ...rows.map((row) => drawRow(row, { ...place, middle: (y += size.row) - size.row / 2 }))];
  });
  return `<figure><figcaption>${escapeHtml(text.caption)}</figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(text.name)}"><svg viewBox="0 0 ${width} ${bottom + size.foot}" width="${width}" height="${bottom + size.foot}" style="max-width: none" role="img" aria-label="${escapeHtml(text.name)}">
${axis === null ? "" : drawAxis(axis, { x, bottom, text: text.axis })}
${drawn.flat().join("\n")}
</svg></div></figure>`;
}

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Zero is always on it, and every interval is whole. null without one. */
function axisOf(rows: readonly PictureRow[]): Axis | null {
  const ends = rows.flatMap(({ interval }) => (interval === null ? [] : [interval.low, interval.high]));
  if (ends.length === 0) return null;
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const step = tickStep(most - least);
  // One step more on both sides than is needed at least, so that no end of a bar lies on the border.
  const [first, last] = [Math.ceil(least / step) - 1, Math.floor(most / step) + 1];
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
  return { low: first * step, high: last * step, ticks };
}

/** The smallest of 1, 2, 5 times a power of ten that needs no more than the most ticks. */
function tickStep(span: number): number {
  if (!(span > 0)) return 1;
  const least = span / (ticksMax - 2);
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((step) => step * power >= least) ?? 10) * power;
}

function drawAxis(
  { ticks }: Axis,
  { x, bottom, text }: { x: (value: number) => number; bottom: number; text: string },
): string {
  const lines = ticks.map((tick) => {
    const at = x(tick);
    const kind = tick === 0 ? 'class="axis zero" stroke-width="2"' : 'class="grid" stroke-dasharray="2 4"';
    return `<line ${kind} x1="${at}" x2="${at}" y1="${size.row}" y2="${bottom}"/><text class="tick" x="${at}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`;
  });
  const middle = x(((ticks[0] ?? 0) + (ticks.at(-1) ?? 0)) / 2);
  const title = `<text x="${middle}" y="${bottom + 36}" text-anchor="middle">${escapeHtml(text)}</text>`;
  return [...lines, title].join("\n");
}

/** As many digits as a step needs: ticks are multiples of one, and floating point leaves a rest. */
function tickText(value: number): string {
  return `${value > 0 ? "+" : ""}${Number(value.toPrecision(6))}`;
}

function rowText({ interval, absent, count }: PictureRow): string {
  if (interval === null) return absent;
  const { estimate, low, high } = interval;
  return `${differenceText({ value: estimate, low, high, count })} ms`;
}

interface Place {
  readonly x: (value: number) => number;
  readonly valuesX: number;
  readonly middle: number;
}

function drawRow(row: PictureRow, { x, valuesX, middle }: Place): string {
  const { label, interval, mark } = row;
  const baseline = middle + 4;
  const bar =
    interval === null
      ? ""
      : `<g stroke="currentColor" stroke-width="2">${line([x(interval.low), x(interval.high)], [middle, middle], "bar")}${[interval.low, interval.high].map((end) => line([x(end), x(end)], [middle - 5, middle + 5], "end")).join("")}${drawMark(mark, x(interval.estimate), middle)}</g>`;
  return `<g class="row"><title>${escapeHtml(`${label}: ${rowText(row)}`)}</title><text x="${size.gap / 2}" y="${baseline}">${escapeHtml(label)}</text>${bar}<text class="value" x="${valuesX}" y="${baseline}">${escapeHtml(rowText(row))}</text></g>`;
}

function line([x1, x2]: readonly [number, number], [y1, y2]: readonly [number, number], kind: string) {
  return `<line class="${kind}" x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}"/>`;
}

/** What is compared is filled; what must show nothing is hollow, the same again round and the placebo square. */
function drawMark(mark: PictureRow["mark"], x: number, y: number): string {
  if (mark === "placebo")
    return `<rect class="mark" x="${round(x - 4.5)}" y="${y - 4.5}" width="9" height="9" style="fill: var(--paper)"/>`;
  const fill = mark === "compared" ? "currentColor" : "var(--paper)";
  return `<circle class="mark" cx="${x}" cy="${y}" r="5" style="fill: ${fill}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
