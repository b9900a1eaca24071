import { coordinate } from "./svg.ts";

const radius = 4.5;
const colours = 5;

/** The mark of a series: its shape says which one it is, without colours too. Hollow: not to be relied on as it stands. */
export function drawMark(index: number, [x, y]: readonly [number, number], hollow: boolean): string {
  const look = `class="s${index % colours}"${hollow ? ' style="fill: var(--paper)"' : ""} stroke-width="1.5"`;
  const points = (corners: readonly (readonly [number, number])[]) =>
    `<polygon ${look} points="${corners.map(([dx, dy]) => `${coordinate(x + dx * radius)},${coordinate(y + dy * radius)}`).join(" ")}"/>`;
  switch (index % 4) {
    case 1:
      return `<rect ${look} x="${coordinate(x - 4)}" y="${coordinate(y - 4)}" width="8" height="8"/>`;
    case 2:
      return points([
        [0, -1.2],
        [1.1, 0.8],
        [-1.1, 0.8],
      ]);
    case 3:
      return points([
        [0, -1.25],
        [1.25, 0],
        [0, 1.25],
        [-1.25, 0],
      ]);
    default:
      return `<circle ${look} cx="${x}" cy="${y}" r="4"/>`;
  }
}
