/** A table as a reader sees it. */
export interface PrintedTable {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

/** A page without its markup: tables, and every other line of text. */
export interface PrintedPage {
  readonly tables: readonly PrintedTable[];
  readonly lines: readonly string[];
  /** Texts with digits in pictures. */
  readonly drawn: number;
}

/** Tables and lines of a report in Markdown. */
export function markdownPage(text: string): PrintedPage {
  const tables: { title: string; rows: string[][] }[] = [];
  const lines: string[] = [];
  let title = "";
  let inTable = false;
  for (const line of text.split("\n")) {
    const isRow = line.startsWith("| ");
    if (line.startsWith("## ")) title = plain(line.slice(3));
    if (!isRow) {
      inTable = false;
      lines.push(...linesOf(line));
      continue;
    }
    if (/^\|(?: -+:? \|)+$/.test(line)) continue;
    if (!inTable) tables.push({ title, rows: [] });
    inTable = true;
    tables.at(-1)?.rows.push(
      line
        .slice(2, -2)
        .split(/ (?<!\\)\| /)
        .map(plain),
    );
  }
  return { tables, lines, drawn: 0 };
}

/** Of a definition the term and its meaning are two lines. */
function linesOf(line: string): readonly string[] {
  const text = line.replace(/^(?:- |#+ )/, "").trimEnd();
  const [, term, meaning] = /^\*\*(.+?)\*\*:? ?(.*)$/.exec(text) ?? [];
  return (term === undefined ? [text] : [term, meaning ?? ""]).map(plain).filter((part) => part !== "");
}

function plain(text: string): string {
  return spaced(
    text.replaceAll("<br>", " ").replaceAll("\\|", "|").replaceAll("\\*", "*").replaceAll("&lt;", "<"),
  );
}

/** Tables and texts of a report in HTML; what is drawn is left out. */
export function htmlPage(text: string): PrintedPage {
  const body = text
    .replaceAll(/<(svg|style|nav|script)\b[\s\S]*?<\/\1>/g, "")
    .replaceAll(/<dl>[\s\S]*?<\/dl>/g, (list) => list.replaceAll(/<\/(?:dt|dd)>/g, "\n"))
    .replaceAll(/\n?<br>/g, " ");
  const tables = [...body.matchAll(/<table>[\s\S]*?<\/table>/g)].map((match) => ({
    title: unmarked(
      /<h2>((?:(?!<h2>)[\s\S])*?)<\/h2>(?![\s\S]*<h2>)/.exec(body.slice(0, match.index))?.[1] ?? "",
    ),
    rows: [...match[0].matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = ""]) =>
      [...row.matchAll(/<t[hd]\b[^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = ""]) => unmarked(cell)),
    ),
  }));
  const lines = body
    .replaceAll(/<table>[\s\S]*?<\/table>/g, "")
    .split(/\n|<\/?(?:p|li|h1|h2|h3|dt|dd|ul|section|details|summary|header|main|div|body)\b[^>]*>/)
    .map(unmarked)
    .filter((line) => line !== "");
  const drawn = [...text.matchAll(/<svg\b[\s\S]*?<\/svg>/g)].flatMap((picture) => [
    ...picture[0].matchAll(/<(?:text|title|tspan|desc)\b[^>]*>[^<]*\d[^<]*</g),
  ]).length;
  return { tables, lines, drawn };
}

function unmarked(html: string): string {
  const text = html.replaceAll(/<[^>]*>/g, "");
  return spaced(
    text
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&"),
  );
}

function spaced(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
