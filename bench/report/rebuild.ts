import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildReplayReport } from "../analysis/replay/replay-report.ts";
import { ConfigError } from "../errors.ts";
import { readLegs } from "../evidence/leg-evidence.ts";
import { exists, readRun } from "../store/read-run.ts";
import { storing } from "../store/storage-error.ts";
import { writeWhole } from "../store/text-store.ts";
import { buildReport } from "./build-report.ts";
import { csvText } from "./formats/csv.ts";
import { htmlText } from "./formats/html-page.ts";
import { markdownText } from "./formats/markdown.ts";
import { terminalText, type TerminalOptions } from "./formats/terminal.ts";
import { reportModelSchema, type ReportModel } from "./model/report-model.ts";
import { withStack, type StoredReplay } from "./model/stored-replay.ts";
import type { ReportDocument } from "./tables/document.ts";
import { replayDocument } from "./tables/replay-document.ts";
import { sweepDocument, type TableChoice } from "./tables/sweep-document.ts";

export const reportFormats = ["table", "md", "csv", "json", "html"] as const;
export type ReportFormat = (typeof reportFormats)[number];

const formats: Record<ReportFormat, (document: ReportDocument, terminal?: TerminalOptions) => string> = {
  table: terminalText,
  md: markdownText,
  csv: ({ csv }) => csvText(csv),
  json: ({ json }) => `${JSON.stringify(json, null, 2)}\n`,
  html: htmlText,
};

/** The text of any report in one format. Pure. */
export function renderDocument(
  document: ReportDocument,
  format: ReportFormat,
  terminal?: TerminalOptions,
): string {
  return formats[format](document, terminal);
}

/** The text of a sweep's report in one format. Pure. */
export function renderReport(report: ReportModel, format: ReportFormat, choice?: ShownReport): string {
  return renderDocument(sweepDocument(report, choice), format, choice?.terminal);
}

/** Which tables, and for which terminal. */
export interface ShownReport extends TableChoice {
  readonly terminal?: TerminalOptions;
}

/** The text of a replay's report in one format. Pure. */
export function renderReplay(report: StoredReplay, format: ReportFormat, terminal?: TerminalOptions): string {
  return renderDocument(replayDocument(report), format, terminal);
}

/**
 * Rebuilds `report/` of a run from its records and evidence and returns the report. Throws RunUnreadableError for a
 * damaged run, StorageError when the files cannot be written.
 */
export async function rebuildReport(directory: string, choice?: TableChoice): Promise<ReportModel> {
  const report = await buildReport(directory);
  await writeSweepReport(directory, report, choice);
  return report;
}

/**
 * The report that was written last, where nothing that it is made of was written since; null where there is none, or one of another form.
 * For a run of thousands of episodes it takes a second, and a new one a minute.
 */
export async function writtenReport(directory: string): Promise<ReportModel | null> {
  const [path, page] = [join(directory, "report", "report.json"), join(directory, "report", "report.html")];
  const sources = ["run.json", "records.jsonl", "judgements.jsonl"].map((name) => join(directory, name));
  const writtenMs = Math.min(await changedMs(path), await changedMs(page));
  for (const source of sources) if ((await changedMs(source)) > writtenMs) return null;
  if (writtenMs === Number.NEGATIVE_INFINITY) return null;
  const text = await readFile(path, "utf8");
  try {
    return reportModelSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Before everything where there is no such file. */
async function changedMs(path: string): Promise<number> {
  return (await exists(path)) ? (await stat(path)).mtimeMs : Number.NEGATIVE_INFINITY;
}

/** Throws StorageError. */
export function writeSweepReport(
  directory: string,
  report: ReportModel,
  choice?: TableChoice,
): Promise<void> {
  return writeReport(directory, sweepDocument(report, choice));
}

/** The same for a replay. Throws ConfigError when the run is none. */
export async function rebuildReplay(directory: string): Promise<StoredReplay> {
  const report = await buildStoredReplay(directory);
  await writeReplayReport(directory, report);
  return report;
}

/** Throws StorageError. */
export function writeReplayReport(directory: string, report: StoredReplay): Promise<void> {
  return writeReport(directory, replayDocument(report));
}

/** Throws ConfigError when the run is no replay. */
export async function buildStoredReplay(directory: string): Promise<StoredReplay> {
  const run = await readRun(directory);
  const { replay: plan } = run.identity;
  if (plan === undefined) throw new ConfigError(`${directory} is no replay; use \`tollgate report\`.`);
  return await withStack(buildReplayReport(run, plan, await readLegs(run, plan)), run);
}

/**
 * The files in `report/` of a run.
 * @param rows what a row of its CSV is
 */
export async function writeReport(
  directory: string,
  document: ReportDocument,
  rows: "cells" | "steps" = "cells",
): Promise<void> {
  const folder = join(directory, "report");
  await storing(folder, "Cannot create", () => mkdir(folder, { recursive: true }));
  const files = [
    ["report.md", "md"],
    ["report.json", "json"],
    [`${rows}.csv`, "csv"],
    ["report.html", "html"],
  ] as const;
  for (const [name, format] of files) {
    const path = join(folder, name);
    await storing(path, "Cannot write", () => writeWhole(path, formats[format](document)));
  }
}
