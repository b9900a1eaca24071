import { expect, test } from "vitest";
import { markdownTable } from "../../../bench/report/formats/markdown.ts";
import { renderTable } from "../../../bench/report/formats/terminal.ts";
import type { Table } from "../../../bench/report/tables/table.ts";

const table = (rows: Table["rows"], notes: Table["notes"]): Table => ({
  title: "Fidelity",
  columns: [{ head: "what was found", align: "left" }],
  rows,
  notes,
});

test.each([
  ["rows", table([["a cache"]], []), true],
  ["neither, so that it is seen to be empty", table([], []), true],
  ["notes that say all", table([], ["all is the same"]), false],
])("a table with %s has a head or has none", (_, content, hasHead) => {
  for (const text of [renderTable(content), markdownTable(content)]) {
    expect(text.includes("what was found")).toBe(hasHead);
    for (const note of content.notes) expect(text).toContain(note);
  }
});
