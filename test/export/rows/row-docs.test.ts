import { format } from "prettier";
import { expect, test } from "vitest";
import { episodeColumns } from "../../../bench/export/rows/episode-columns.ts";
import { requestColumns } from "../../../bench/export/rows/request-columns.ts";
import type { RowColumn } from "../../../bench/export/rows/row-column.ts";

const types = { text: "text", int: "integer", double: "double", boolean: "boolean", time: "timestamp" };

function table<Row>(columns: readonly RowColumn<Row>[]): string {
  const rows = columns.map(({ name, type, unit, meaning }) => [
    `\`${name}\``,
    types[type],
    unit ?? "",
    meaning,
  ]);
  return [["column", "type", "unit", "meaning"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

test("docs/row-columns.md is what the declarations of the columns say", async () => {
  const text = `# Columns of \`tollgate export --format requests\`

Written by \`npx vitest run test/export/rows/row-docs.test.ts -u\`. What is absent is null (an empty field in CSV), and never 0.
How to use them: [exports.md](exports.md).

## requests

${table(requestColumns)}

## episodes

${table(episodeColumns)}
`;
  const formatted = await format(text, { parser: "markdown", printWidth: 110 });
  await expect(formatted).toMatchFileSnapshot("../../../docs/row-columns.md");
});
