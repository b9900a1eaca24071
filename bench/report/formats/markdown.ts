import { headParts, type Notice, type ReportDocument } from "../tables/document.ts";
import { isDrawn, type Table } from "../tables/table.ts";

/** A report as a Markdown document. */
export function markdownText(report: ReportDocument): string {
  const { notice, tables, warnings, definitions } = report;
  const { before, after } = headParts(report);
  const [title = "", ...first] = before;
  const facts = notice === null ? [[...first, ...after]] : [first, after];
  const [above = "", ...below] = facts.map((lines) => lines.map(escape).join("  \n"));
  const sections = [
    `# ${escape(title)}`,
    above,
    ...(notice === null ? [] : [noticeText(notice)]),
    ...below,
    ...tables.map(markdownTable),
    ...(warnings.length === 0 ? [] : [`## Warnings\n\n${list(warnings)}`]),
    ...(definitions.length === 0
      ? []
      : [`## Definitions\n\n${list(definitions.map(({ term, meaning }) => `**${term}**: ${meaning}`))}`]),
  ];
  return `${sections.join("\n\n")}\n`;
}

function noticeText({ heading, meaning, groups, advice }: Notice): string {
  return [
    `## ${escape(heading)}`,
    escape(meaning),
    ...groups.flatMap((group) => [`**${escape(group.heading)}**`, list(group.sentences.map(escape))]),
    ...(advice.length === 0 ? [] : ["**What to do**", list(advice.map(escape))]),
  ].join("\n\n");
}

/** One table with its title above and its notes below. */
export function markdownTable(content: Table): string {
  const { title, columns, rows, notes } = content;
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(" | ")} |`;
  const rule = `| ${columns.map(({ align }) => (align === "right" ? "---:" : "---")).join(" | ")} |`;
  const table = [line(columns.map(({ head }) => head.replaceAll("\n", " "))), rule, ...rows.map(line)].join(
    "\n",
  );
  return [
    `## ${title}`,
    ...(isDrawn(content) ? [table] : []),
    ...(notes.length === 0 ? [] : [list(notes.map(escape))]),
  ].join("\n\n");
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item.replaceAll("\n", " ")}`).join("\n");
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*").replaceAll("<", "&lt;").replaceAll("\n", "<br>");
}
