import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { storing } from "../store/storage-error.ts";
import { writeWhole } from "../store/text-store.ts";
import { buildReport } from "./build-report.ts";
import { renderCsv } from "./formats/csv.ts";
import { renderHtml } from "./formats/html-page.ts";
import { renderMarkdown } from "./formats/markdown.ts";
import type { ReportModel } from "./model/report-model.ts";
import { renderTerminal } from "./formats/terminal.ts";
import type { TableChoice } from "./tables/report-tables.ts";

export const reportFormats = ["table", "md", "csv", "json", "html"] as const;
export type ReportFormat = (typeof reportFormats)[number];

const renderers: Record<ReportFormat, (report: ReportModel, choice: TableChoice) => string> = {
  table: renderTerminal,
  md: renderMarkdown,
  csv: renderCsv,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  html: renderHtml,
};

/** The text of a report in one format. Pure. */
export function renderReport(
  report: ReportModel,
  format: ReportFormat,
  choice: TableChoice = { seed: false },
): string {
  return renderers[format](report, choice);
}

const files = [
  ["report.md", "md"],
  ["report.json", "json"],
  ["cells.csv", "csv"],
  ["report.html", "html"],
] as const;

/**
 * Rebuilds `report/` of a run from its records and evidence and returns the report. Throws RunUnreadableError for a
 * damaged run, StorageError when the files cannot be written.
 */
export async function rebuildReport(directory: string, choice?: TableChoice): Promise<ReportModel> {
  const report = await buildReport(directory);
  const folder = join(directory, "report");
  await storing(folder, "Cannot create", () => mkdir(folder, { recursive: true }));
  for (const [name, format] of files) {
    const path = join(folder, name);
    await storing(path, "Cannot write", () => writeWhole(path, renderReport(report, format, choice)));
  }
  return report;
}
