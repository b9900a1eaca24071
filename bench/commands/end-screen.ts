import { dirname, join, relative, resolve } from "node:path";
import { shellLine } from "../host/shell-words.ts";
import type { ReportModel } from "../report/model/report-model.ts";
import { blank, onOneScreen, type Part } from "../report/screen/layout.ts";
import { capacityScreen } from "../report/screen/capacity-screen.ts";
import { replayScreen } from "../report/screen/replay-screen.ts";
import type { StoredReplay } from "../report/model/stored-replay.ts";
import { lineText } from "../report/screen/styled-text.ts";
import { noticeParts } from "../report/screen/notice-parts.ts";
import {
  identityParts,
  placeParts,
  sweepScreen,
  type Ending,
  type Places,
} from "../report/screen/sweep-screen.ts";
import { trustParts } from "../report/screen/trust-parts.ts";
import { noticeOf } from "../report/tables/notice.ts";
import type { TerminalOptions } from "../report/formats/terminal.ts";
import { nextCommand } from "../store/next-command.ts";
import { readOutcomes } from "../store/episode-index.ts";
import { runSeconds } from "../store/run-length.ts";
import type { Host } from "./host.ts";

/** How much a command says. */
export interface Loudness {
  /** Only the run directory, and what went wrong. */
  readonly quiet?: boolean;
  /** The whole report before the last screen. */
  readonly verbose?: boolean;
}

/** Where a screen goes that is not one of a terminal, and the narrowest that is drawn for. */
const [defaultColumns, leastColumns] = [80, 40];

/** What fits the terminal of standard output, or 80 columns where it is none. */
export function screenText(host: Host, parts: readonly Part[]): string {
  const { columns, colour } = host.output;
  const width = Math.max(leastColumns, columns ?? defaultColumns);
  return onOneScreen(parts, width)
    .map((line) => lineText(line, colour))
    .join("\n");
}

/** Tables in pipes and files stay 100 columns wide, as they were. */
export function terminalOf({ output: { columns, colour } }: Host): { readonly terminal?: TerminalOptions } {
  if (columns === null && !colour) return {};
  return { terminal: { columns: Math.max(leastColumns, columns ?? 100), colour } };
}

/** The last screen of a sweep. */
export async function sweepEnd(host: Host, report: ReportModel, directory: string): Promise<string> {
  return screenText(host, sweepScreen(report, await endingOf(host, directory)));
}

/** The last screen of a search. */
export async function capacityEnd(host: Host, report: ReportModel, directory: string): Promise<string> {
  const ending = await endingOf(host, directory);
  // Stopped before its first cell was measured.
  if (report.capacity === undefined || report.capacity.arms.length === 0)
    return screenText(host, sweepScreen(report, ending));
  return screenText(host, capacityScreen(report, report.capacity, ending));
}

/** Around the facts of a collection: which run, and whether it can be used. */
export async function collectionHead(
  host: Host,
  report: ReportModel,
  of: { readonly directory: string; readonly usable: ReadonlySet<string> },
): Promise<string> {
  const ending = await endingOf(host, of.directory);
  const cells = report.cells.filter(({ verdict }) => !of.usable.has(verdict));
  const notice = noticeOf({ ...report, cells });
  return screenText(host, [...identityParts(report, ending), ...noticeParts(notice), blank]);
}

export async function collectionFoot(host: Host, report: ReportModel, directory: string): Promise<string> {
  return screenText(host, [...trustParts(report), ...placeParts(report, await endingOf(host, directory))]);
}

/** The last screen of a replay: one cannot be gone on with. */
export function replayEnd(host: Host, report: StoredReplay, directory: string): string {
  const ending = { seconds: null, next: null, places: placesOf(host, directory) };
  return screenText(host, replayScreen(report, ending));
}

export async function endingOf(host: Host, directory: string): Promise<Ending> {
  const run = await readOutcomes(directory);
  return {
    seconds: runSeconds(run.records),
    next: nextCommand({ ...run, directory: runReference(host, directory) }),
    places: placesOf(host, directory),
  };
}

export function placesOf(host: Host, directory: string): Places {
  return {
    page: shortPath(host, join(directory, "report", "report.html")),
    run: runWord(host, directory),
  };
}

/** As a command takes it in a shell: the name of a run where commands look for runs, else its path. */
export function runWord(host: Host, directory: string): string {
  return shellLine([runReference(host, directory)]);
}

function runReference(host: Host, directory: string): string {
  const runs = resolve(host.workingDirectory, "runs");
  return dirname(directory) === runs ? relative(runs, directory) : shortPath(host, directory);
}

/** From the working directory where it lies below that. */
function shortPath({ workingDirectory }: Host, path: string): string {
  const below = relative(workingDirectory, path);
  return below.startsWith("..") ? path : below;
}
