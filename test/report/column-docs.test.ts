import { expect, test } from "vitest";
import { format } from "prettier";
import { columnDocs } from "./column-docs.ts";
import { cellMetrics } from "../../bench/report/tables/cell-metrics.ts";

test("docs/columns.md is what the declarations of the tables say", async () => {
  const text = await format(columnDocs(), { parser: "markdown", printWidth: 110 });
  await expect(text).toMatchFileSnapshot("../../docs/columns.md");
});

test("every number of a cell has a meaning, and no name stands twice", () => {
  expect(cellMetrics.filter(({ meaning }) => meaning === "")).toEqual([]);
  expect(new Set(cellMetrics.map(({ name }) => name)).size).toBe(cellMetrics.length);
});
