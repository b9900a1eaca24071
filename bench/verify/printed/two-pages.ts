import type { Compared, FigureCoverage, Unequal } from "../figures/figure.ts";
import type { PrintedPage, PrintedTable } from "./blocks.ts";

const file = "report/report.md";
const onlyHtml = "only report.html says it: what columns mean, and what is too long for Markdown";
const hasDigit = (text: string) => /\d/.test(text);

/**
 * The Markdown and the HTML of a report are printed from the same figures: whatever has a digit in one has the same digits in the
 * other. An edited digit is in one of them only. Pure.
 */
export function comparePages(markdown: PrintedPage, html: PrintedPage): Compared {
  const unequal: Unequal[] = [];
  const coverage = new Map<string, FigureCoverage>();
  const count = (kind: string, reason: string | null) => {
    const key = JSON.stringify([kind, reason]);
    coverage.set(key, { file, kind, reason, count: (coverage.get(key)?.count ?? 0) + 1 });
  };
  const differ = (figure: string, said: string, recomputed: string) =>
    unequal.push({ figure, file: `${file} and report.html`, said, recomputed });

  for (const table of markdown.tables) {
    const other = html.tables.find(({ title }) => title === table.title);
    for (const [row, cells] of table.rows.entries())
      for (const [column, text] of cells.entries()) {
        const should = other?.rows[row]?.[column];
        if (should !== undefined && should !== text) differ(cellName(table, row, column), text, should);
        if (hasDigit(text))
          count(`table.${table.title}`, other === undefined ? "report.html has no table of that name" : null);
      }
  }
  const known = new Set(html.lines);
  const masked = new Map(html.lines.map((line) => [withoutDigits(line), line]));
  for (const line of markdown.lines.filter(hasDigit)) {
    const like = masked.get(withoutDigits(line));
    if (!known.has(line) && like !== undefined) differ("a line of text", line, like);
    count("text", known.has(line) || like !== undefined ? null : "report.html says it in other words");
  }
  const titles = new Set(markdown.tables.map(({ title }) => title));
  for (const { title, rows } of html.tables)
    for (const text of rows.flat())
      if (!titles.has(title) && hasDigit(text)) count(`table.${title}`, onlyHtml);
  const said = new Set(markdown.lines.map(withoutDigits));
  for (const line of html.lines)
    if (hasDigit(line) && !said.has(withoutDigits(line))) count("text", onlyHtml);
  for (let picture = 0; picture < html.drawn; picture += 1)
    count("pictures", "numbers in the pictures of report.html");
  return { unequal, coverage: [...coverage.values()] };
}

function withoutDigits(text: string): string {
  return text.replaceAll(/\d/g, "#");
}

function cellName({ title, rows }: PrintedTable, row: number, column: number): string {
  const named = rows.slice(1, row + 1).findLast((cells) => (cells[0] ?? "") !== "")?.[0] ?? "";
  return `${title}, row ${row} (${named}), column ${rows[0]?.[column] ?? column}`;
}
