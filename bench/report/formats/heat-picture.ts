import type { HeatPicture } from "../tables/document.ts";
import { coordinate, escapeHtml, figure } from "./svg.ts";

const size = { column: 88, row: 36, left: 56, top: 22, foot: 46, widthMin: 240 } as const;
/** Of the fullest field: text on it stays readable, light and dark. */
const fillMost = 0.5;
const scrollFrom = 380;

/** A field for each place of two axes, the fuller the larger its share, with the share in it. null without a field. */
export function drawHeat({ title, xAxis, yAxis, xs, ys, fields }: HeatPicture): string | null {
  if (fields.length === 0) return null;
  const width = Math.max(size.widthMin, size.left + xs.length * size.column + 8);
  const base = size.top + ys.length * size.row;
  const middle = coordinate(size.left + (xs.length * size.column) / 2);
  const told = fields.map(({ x, y, text }) => `${xAxis} ${xs[x] ?? ""}, ${yAxis} ${ys[y] ?? ""}: ${text}`);
  return figure(
    {
      caption: title,
      name: `${title}. ${told.join("; ")}`,
      width,
      height: base + size.foot,
      scroll: width > scrollFrom,
    },
    [
      `<text x="2" y="11">${escapeHtml(yAxis)}</text><text x="${middle}" y="${base + 36}" text-anchor="middle">${escapeHtml(xAxis)}</text>`,
      ...ys.map(
        (label, at) =>
          `<text x="${size.left - 6}" y="${size.top + at * size.row + size.row / 2 + 4}" text-anchor="end">${escapeHtml(label)}</text>`,
      ),
      ...xs.map(
        (label, at) =>
          `<text x="${coordinate(size.left + (at + 0.5) * size.column)}" y="${base + 18}" text-anchor="middle">${escapeHtml(label)}</text>`,
      ),
      ...fields.map((field, at) => drawField(field, told[at] ?? "")),
    ],
  );
}

function drawField({ x, y, share, text }: HeatPicture["fields"][number], told: string): string {
  const [left, top] = [size.left + x * size.column, size.top + y * size.row];
  const look =
    share === null
      ? 'class="heat none"'
      : `class="s0 heat" fill-opacity="${coordinate(share * 10 * fillMost) / 10}"`;
  return `<g><rect ${look} x="${left}" y="${top}" width="${size.column}" height="${size.row}"/><text class="ink" x="${left + size.column / 2}" y="${top + size.row / 2 + 4}" text-anchor="middle">${escapeHtml(text)}</text><title>${escapeHtml(told)}</title></g>`;
}
