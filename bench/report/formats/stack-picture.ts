import type { StackPicture } from "../tables/document.ts";
import { numberText } from "../tables/number-text.ts";
import { coordinate, escapeHtml, figure, line, roundUp } from "./svg.ts";

const size = {
  row: 26,
  bar: 16,
  plot: 220,
  character: 7.2,
  gap: 12,
  foot: 40,
  key: 22,
  keyColumns: 3,
} as const;
const colours = 5;
const ticksWanted = 4;

/** A bar for each row, made of its parts, on one axis from 0. null without a row. */
export function drawStack({ title, axis, rows, names: all }: StackPicture): string | null {
  const longest = Math.max(0, ...rows.map(({ parts }) => sumOf(parts)));
  if (rows.length === 0 || longest === 0) return null;
  const left = Math.ceil(Math.max(...rows.map(({ label }) => label.length)) * size.character) + size.gap;
  const names = all.filter((one) => rows.some(({ parts }) => parts.some(({ name }) => name === one)));
  const keyRows = Math.ceil(names.length / size.keyColumns);
  const [top, bottom] = [
    keyRows * size.key + size.gap,
    keyRows * size.key + size.gap + rows.length * size.row,
  ];
  const step = roundUp(longest / ticksWanted, [1, 2, 2.5, 5, 10]);
  const end = Math.ceil(longest / step) * step;
  const x = (value: number) => coordinate(left + (size.plot * value) / end);
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step);
  const width = left + size.plot + 4 * size.gap;
  return figure({ caption: title, name: title, width, height: bottom + size.foot, scroll: false }, [
    names.map((name, at) => keyOf(name, at, width)).join(""),
    ticks
      .map(
        (tick) =>
          `${line(`class="${tick === 0 ? "axis" : "grid"}"`, [x(tick), top], [x(tick), bottom])}<text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${Number(tick.toPrecision(3))}</text>`,
      )
      .join(""),
    `<text x="${coordinate(left + size.plot / 2)}" y="${bottom + 34}" text-anchor="middle">${escapeHtml(axis)}</text>`,
    ...rows.map(({ label, parts }, at) => {
      const y = top + at * size.row + (size.row - size.bar) / 2;
      return `<text x="0" y="${y + 12}">${escapeHtml(label)}</text>${barOf({ label, parts, y }, names, x)}`;
    }),
  ]);
}

function sumOf(parts: StackPicture["rows"][number]["parts"]): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

/** Neighbours differ in colour, and each part has its name and value as a title: no colour is needed to read it. */
function barOf(
  { label, parts, y }: StackPicture["rows"][number] & { readonly y: number },
  names: readonly string[],
  x: (value: number) => number,
): string {
  let from = 0;
  return parts
    .map(({ name, value }) => {
      const start = from;
      from += value;
      const text = `${label}, ${name}: ${numberText(value)} s`;
      return `<rect class="part ${fillOf(names.indexOf(name))}" x="${x(start)}" y="${y}" width="${coordinate(Math.max(0, x(from) - x(start)))}" height="${size.bar}"><title>${escapeHtml(text)}</title></rect>`;
    })
    .join("");
}

function keyOf(name: string, at: number, width: number): string {
  const [x, y] = [
    coordinate((at % size.keyColumns) * (width / size.keyColumns)),
    Math.floor(at / size.keyColumns) * size.key,
  ];
  return `<rect class="part ${fillOf(at)}" x="${x}" y="${y + 2}" width="12" height="12"/><text x="${x + 17}" y="${y + 12}">${escapeHtml(name)}</text>`;
}

/** The second round of colours is paler. */
function fillOf(at: number): string {
  return `s${at % colours}${at >= colours ? " pale" : ""}`;
}
