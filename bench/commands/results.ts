import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { messageOf } from "../errors.ts";
import { growHeapSlowly } from "../host/heap-growth.ts";
import { isFeedbackRun } from "../feedback/files/read-feedback-run.ts";
import { feedbackDocument } from "../feedback/report/feedback-document.ts";
import { buildFeedbackReport } from "../feedback/report/feedback-report.ts";
import { writeFeedbackReport } from "../feedback/report/rebuild.ts";
import { buildReport } from "../report/build-report.ts";
import {
  buildStoredReplay,
  renderDocument,
  renderReplay,
  renderReport,
  reportFormats,
  writeReplayReport,
  writeSweepReport,
  type ReportFormat,
} from "../report/rebuild.ts";
import type { TableChoice } from "../report/tables/sweep-document.ts";
import { StorageError } from "../store/storage-error.ts";
import { readRunJson } from "../store/read-run.ts";
import { replayEnd, sweepEnd, terminalOf } from "./end-screen.ts";
import { feedbackEnd } from "./feedback-end.ts";
import { findRun, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";
import { writeResult } from "./write-result.ts";

/** Commands that read a finished (or running) run directory. */
export function register(program: Command, host: Host): void {
  program
    .command("report <run>")
    .description("rebuild a run's report from its records and evidence, and print it")
    .addOption(new Option("--format <format>", "what to print").choices(reportFormats).default("table"))
    .option("-o, --out <file>", "write here instead of standard output")
    .option("--summary", "print the last screen of the run instead: its answer, in 20 lines")
    .option("--seed-table", "add the table of the published comparison: one row per concurrency and trial")
    .addOption(runsOption())
    .action(async (run: string, flags: ReportFlags) => {
      growHeapSlowly();
      const choice = { seed: flags.seedTable === true };
      const directory = await findRun(host, run, flags);
      const text = await reportText(directory, { choice, flags }, host);
      if (flags.out === undefined) host.print(text);
      else await writeResult(resolve(host.workingDirectory, flags.out), text);
    });
}

async function reportText(directory: string, asked: Asked, host: Host): Promise<string> {
  if (await isFeedbackRun(directory)) return await feedbackText(directory, asked.flags, host);
  const replayed = (await readRunJson(directory)).replay !== undefined;
  return replayed ? await replayText(directory, asked.flags, host) : await sweepText(directory, asked, host);
}

interface Asked {
  readonly choice: TableChoice;
  readonly flags: ReportFlags;
}

async function sweepText(directory: string, { choice, flags }: Asked, host: Host): Promise<string> {
  const report = await buildReport(directory);
  await renewed(host, () => writeSweepReport(directory, report, choice));
  if (flags.summary) return await sweepEnd(host, report, directory);
  return renderReport(report, flags.format, { ...choice, ...terminalFor(host, flags) });
}

async function replayText(directory: string, flags: ReportFlags, host: Host): Promise<string> {
  const report = await buildStoredReplay(directory);
  await renewed(host, () => writeReplayReport(directory, report));
  if (flags.summary) return replayEnd(host, report, directory);
  return renderReplay(report, flags.format, terminalFor(host, flags).terminal);
}

/** A folder of the original harness is somebody else's: nothing is written into it. */
async function feedbackText(directory: string, flags: ReportFlags, host: Host): Promise<string> {
  const report = await buildFeedbackReport(directory);
  if (report.harness === "tollgate") await renewed(host, () => writeFeedbackReport(directory, report));
  if (flags.summary) return await feedbackEnd(host, report, directory);
  return renderDocument(feedbackDocument(report), flags.format, terminalFor(host, flags).terminal);
}

/** What is written into a file fits no terminal, and has no colours. */
function terminalFor(host: Host, { out }: ReportFlags): ReturnType<typeof terminalOf> {
  return out === undefined ? terminalOf(host) : {};
}

/** A run that may only be read can still be reported; its `report/` stays as it was. */
async function renewed(host: Host, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    host.tell(
      `warning: the files in report/ of the run were not renewed: ${messageOf(error.cause ?? error)}`,
    );
  }
}

interface ReportFlags extends RunsFlag {
  readonly format: ReportFormat;
  readonly out?: string;
  readonly summary?: boolean;
  readonly seedTable?: boolean;
}
