import type { Value } from "../tables/cell-metrics.ts";

/** Rows as CSV with a head line. Columns are those of all rows together, in the order in which they come. */
export function csvText(rows: readonly Readonly<Record<string, Value>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => csvLine(names.map((name) => row[name] ?? null)));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

/** One line, without its end. */
export function csvLine(values: readonly Value[]): string {
  return values.map(fieldText).join(",");
}

function fieldText(value: Value): string {
  if (value === null) return "";
  const text = String(value);
  // An empty field is what is absent.
  if (text === "") return '""';
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
