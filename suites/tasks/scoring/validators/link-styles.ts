/** Ways to write a link in a text; a file that uses one of them throughout is consistent. */
const styles: Readonly<Record<string, RegExp>> = {
  "[[wiki]]": /\[\[[^\]\n]+\]\]/gu,
  "[text](target)": /(?<!!)\[[^\]\n]*\]\([^)\n]+\)/gu,
  "[text][label]": /(?<!!)\[[^\]\n]+\]\[[^\]\n]*\]/gu,
  "<a href>": /<a\s[^>]*href\s*=/giu,
  "<https://…>": /<https?:\/\/[^>\s]+>/giu,
};

/** What may be in a text that looks like a link and is none. */
const code = /```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|`[^`\n]*`/gu;

/** How many links of each style a text has; styles without a link are left out. */
export function linksByStyle(text: string): Readonly<Record<string, number>> {
  const prose = text.replaceAll(code, "");
  return Object.fromEntries(
    Object.entries(styles)
      .map(([style, pattern]) => [style, prose.match(pattern)?.length ?? 0] as const)
      .filter(([, links]) => links > 0),
  );
}

/** Share of the style that is used most, 0..1; null without a link. */
export function mainStyleShare(links: Readonly<Record<string, number>>): number | null {
  const counts = Object.values(links);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return all === 0 ? null : Math.max(...counts) / all;
}
