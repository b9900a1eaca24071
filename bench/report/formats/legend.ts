import { drawMark } from "./marks.ts";
import { coordinate, escapeHtml } from "./svg.ts";

const size = { row: 20, character: 7.4, mark: 14, gap: 18 } as const;

/** Which mark is whose, in as many rows as the names need. */
export interface Legend {
  readonly height: number;
  /** @param top of its first row */
  readonly draw: (top: number) => string;
}

/** @param names of series, with the number that says which mark is theirs */
export function legendOf(
  names: readonly { readonly name: string; readonly index: number }[],
  { left, right }: { readonly left: number; readonly right: number },
): Legend {
  let [x, row] = [left, 0];
  const places = names.map(({ name, index }) => {
    const width = size.mark + name.length * size.character;
    if (x > left && x + width > right) [x, row] = [left, row + 1];
    const place = { name, index, x, row };
    x += width + size.gap;
    return place;
  });
  return {
    height: names.length === 0 ? 0 : (row + 1) * size.row,
    draw: (top) =>
      places
        .map((place) => {
          const y = top + place.row * size.row + size.row / 2;
          return `${drawMark(place.index, [coordinate(place.x + 5), y], false)}<text x="${coordinate(place.x + size.mark)}" y="${y + 4}">${escapeHtml(place.name)}</text>`;
        })
        .join(""),
  };
}
