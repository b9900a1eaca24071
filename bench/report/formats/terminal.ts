import CliTable3 from "cli-table3";
import type { ReportDocument } from "../tables/document.ts";
import type { Table } from "../tables/table.ts";

/** A report for a terminal of 120 columns. */
export function terminalText({ head, tables, warnings, definitions }: ReportDocument): string {
  return [
    head.map(wrapped).join("\n"),
    ...tables.map(renderTable),
    ...warnings.map((warning) => wrapped(`warning: ${warning}`)),
    ...(definitions.length === 0
      ? []
      : [definitions.map(({ term, meaning }) => wrapped(`${term}: ${meaning}`)).join("\n")]),
  ].join("\n\n");
}

/** One table with its title above and its notes below. Intervals move below their numbers where the table is too wide. */
export function renderTable(table: Table): string {
  const drawn = draw(table.columns, table.rows);
  const fits = drawn.split("\n").every((line) => line.length <= columnsMax);
  const narrow = (row: readonly string[]) => row.map((text) => text.replaceAll(" [", "\n["));
  return [
    table.title,
    fits ? drawn : draw(table.columns, table.rows.map(narrow)),
    ...table.notes.map(wrapped),
  ].join("\n");
}

function draw(columns: Table["columns"], rows: Table["rows"]): string {
  const table = new CliTable3({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true, "padding-left": 1, "padding-right": 1 },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

const columnsMax = 120;

/** Lines of at most `columnsMax` columns; what follows the first is indented. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && longer.length > columnsMax) {
      lines.push(line);
      line = `  ${word}`;
    } else line = longer;
  }
  return [...lines, line].join("\n");
}
