import type { ReportDocument } from "../tables/document.ts";
import type { Table } from "../tables/table.ts";

/** A report as a Markdown document. */
export function markdownText({ head, tables, warnings, definitions }: ReportDocument): string {
  const [title = "", ...facts] = head;
  const sections = [
    `# ${escape(title)}`,
    facts.map(escape).join("  \n"),
    ...tables.map(markdownTable),
    ...(warnings.length === 0 ? [] : [`## Warnings\n\n${list(warnings)}`]),
    ...(definitions.length === 0
      ? []
      : [`## Definitions\n\n${list(definitions.map(({ term, meaning }) => `**${term}**: ${meaning}`))}`]),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** One table with its title above and its notes below. */
export function markdownTable({ title, columns, rows, notes }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(" | ")} |`;
  const rule = `| ${columns.map(({ align }) => (align === "right" ? "---:" : "---")).join(" | ")} |`;
  const table = [line(columns.map(({ head }) => head.replaceAll("\n", " "))), rule, ...rows.map(line)].join(
    "\n",
  );
  return [`## ${title}`, table, ...(notes.length === 0 ? [] : [list(notes.map(escape))])].join("\n\n");
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item.replaceAll("\n", " ")}`).join("\n");
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*").replaceAll("<", "&lt;").replaceAll("\n", "<br>");
}
