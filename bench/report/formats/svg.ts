/** Text that is safe between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** What every picture has around it: a caption, a drawing area with a name for readers that see no pictures. */
export function figure(
  {
    caption,
    name,
    width,
    height,
    scroll,
  }: {
    readonly caption: string;
    readonly name: string;
    readonly width: number;
    readonly height: number;
    /** Keeps its size on a narrow page, and is scrolled there. */
    readonly scroll: boolean;
  },
  lines: readonly string[],
): string {
  const label = escapeHtml(name);
  const style = scroll ? ' style="max-width: none"' : "";
  const svg = `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"${style} role="img" aria-label="${label}">
${lines.join("\n")}
</svg>`;
  const held = scroll
    ? `<div class="scroll" tabindex="0" role="region" aria-label="${label}">${svg}</div>`
    : svg;
  return `<figure><figcaption>${escapeHtml(caption)}</figcaption>
${held}</figure>`;
}

/** The smallest of these steps times a power of ten that is `least` or more. */
export function roundUp(least: number, steps: readonly number[]): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return (steps.find((step) => step * power >= least) ?? 10) * power;
}

/** A coordinate with as many digits as can be seen. */
export function coordinate(value: number): number {
  return Math.round(value * 10) / 10;
}

export function line(
  attributes: string,
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
) {
  return `<line ${attributes} x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}"/>`;
}
