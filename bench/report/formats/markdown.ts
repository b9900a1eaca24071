import { headLines } from "../tables/run-tables.ts";
import type { ReportModel } from "../model/report-model.ts";
import { reportTables, type TableChoice } from "../tables/report-tables.ts";
import type { Table } from "../tables/table.ts";

/** The report as a Markdown document. */
export function renderMarkdown(report: ReportModel, choice: TableChoice = { seed: false }): string {
  const [title = "", ...facts] = headLines(report);
  const sections = [
    `# ${escape(title)}`,
    facts.map(escape).join("  \n"),
    ...reportTables(report, choice).map(markdownTable),
    ...(report.warnings.length === 0 ? [] : [`## Warnings\n\n${list(report.warnings)}`]),
    `## Definitions\n\n${list(report.definitions.map(({ term, meaning }) => `**${term}**: ${meaning}`))}`,
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
