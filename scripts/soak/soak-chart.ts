/** One picture of the chart: lines over the same places. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

const size = { width: 860, height: 220, left: 64, right: 150, top: 34, bottom: 30 } as const;
const colours = ["#1f6feb", "#d1572c", "#2f8f4e", "#8250df", "#9a6700", "#6e7781", "#bf3989"];

/** An SVG file: panels below each other, each from zero, so that a slope is seen as what it is. */
export function soakChart(panels: readonly Panel[], xAxis: string): string {
  const height = panels.length * size.height + 24;
  const right = Math.max(
    1,
    ...panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([x]) => x))),
  );
  const drawn = panels.map((panel, index) => drawPanel(panel, { right, down: index * size.height }));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${drawn.join("\n")}
<text x="${size.left}" y="${height - 8}">${escapeHtml(xAxis)}</text>
</svg>
`;
}

function drawPanel({ title, lines }: Panel, at: { readonly right: number; readonly down: number }): string {
  const highest = Math.max(0, ...lines.flatMap(({ points }) => points.map(([, y]) => y)));
  const step = roundUp(highest / 4);
  const top = Math.max(1, Math.ceil(highest / step)) * step;
  const [innerX, innerY] = [size.width - size.left - size.right, size.height - size.top - size.bottom];
  const placeX = (x: number) => (size.left + (innerX * x) / at.right).toFixed(1);
  const placeY = (y: number) => (at.down + size.top + innerY * (1 - y / top)).toFixed(1);
  const rules = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step).map(
    (value) =>
      `<line x1="${size.left}" x2="${size.width - size.right}" y1="${placeY(value)}" y2="${placeY(value)}" stroke="#d8dee4"/><text x="${size.left - 6}" y="${placeY(value)}" text-anchor="end" dy="4">${Number(value.toPrecision(6))}</text>`,
  );
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(at.right * share));
  const places = marks.map(
    (x) =>
      `<text x="${placeX(x)}" y="${at.down + size.height - size.bottom + 16}" text-anchor="middle">${x}</text>`,
  );
  const curves = lines.map(({ name, points }, index) => {
    const colour = colours[index % colours.length] ?? "#000000";
    const path = points.map(([x, y]) => `${placeX(x)},${placeY(y)}`).join(" ");
    const y = at.down + size.top + 14 * index + 8;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/><text x="${size.width - size.right + 10}" y="${y}" fill="${colour}">${escapeHtml(name)}</text>`;
  });
  return [
    `<text x="${size.left}" y="${at.down + 20}" font-weight="bold">${escapeHtml(title)}</text>`,
    ...rules,
    ...places,
    ...curves,
  ].join("\n");
}

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that is `least` or more. */
function roundUp(least: number): number {
  if (least <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 2.5, 5].find((step) => step * power >= least) ?? 10) * power;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
