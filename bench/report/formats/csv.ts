import type { Value } from "../tables/cell-metrics.ts";

/** Rows as CSV with a head line. Columns are those of all rows together, in the order in which they come. */
export function csvText(rows: readonly Readonly<Record<string, Value>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => names.map((name) => fieldText(row[name] ?? null)).join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

function fieldText(value: Value): string {
  if (value === null) return "";
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
