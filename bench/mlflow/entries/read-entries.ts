import { buildFeedbackReport } from "../../feedback/report/feedback-report.ts";
import { feedbackDocument } from "../../feedback/report/feedback-document.ts";
import { feedbackScreen } from "../../feedback/report/feedback-screen.ts";
import { serversOfRun } from "../../evidence/server-facts.ts";
import { buildReport } from "../../report/build-report.ts";
import {
  buildStoredReplay,
  renderDocument,
  renderReplay,
  renderReport,
  writtenReport,
  type ReportFormat,
} from "../../report/rebuild.ts";
import type { ReportModel } from "../../report/model/report-model.ts";
import { capacityScreen } from "../../report/screen/capacity-screen.ts";
import type { Part } from "../../report/screen/layout.ts";
import { replayScreen } from "../../report/screen/replay-screen.ts";
import { sweepScreen, type Ending } from "../../report/screen/sweep-screen.ts";
import { driverOf } from "../../store/driver-lock.ts";
import { readOutcomes } from "../../store/episode-index.ts";
import { nextCommand } from "../../store/next-command.ts";
import { runState, type RunOutcomes } from "../../store/progress.ts";
import { runSeconds } from "../../store/run-length.ts";
import type { RunEntries } from "./entry.ts";
import { feedbackArtifacts, feedbackEntries } from "./feedback-entries.ts";
import { noteOf, placesIn } from "./note.ts";
import type { FiguresOf } from "./own-names.ts";
import { replayEntries } from "./replay-entries.ts";
import { runTimes } from "./run-times.ts";
import { sweepEntries } from "./sweep-entries.ts";

/** A run for MLflow, and the texts that go with it. */
export interface ReadRun extends RunEntries {
  /** Files by name below `report/`. */
  readonly report: Readonly<Record<string, string>>;
  /** Files of the run directory that go with it, by their paths in it. */
  readonly files: readonly string[];
  /** Whether there are requests and episodes that tables can be made of. */
  readonly hasTables: boolean;
}

const common = { files: ["run.json"], hasTables: true } as const;

/**
 * What MLflow is to know of a run, from its directory, in which nothing is written.
 * @param figuresOf what another program would call it; left out: nothing
 */
export async function readEntries(directory: string, figuresOf?: FiguresOf): Promise<ReadRun> {
  const run = await readOutcomes(directory);
  const { identity, records } = run;
  const known = {
    identity,
    times: runTimes(identity.createdAt, records),
    agentServer: (await serversOfRun(directory)).agent,
  };
  if (identity.feedback !== undefined) {
    const report = await buildFeedbackReport(directory);
    const note = noteOf(feedbackScreen(report, endingOf(run)));
    const files = filesOf((format) => renderDocument(feedbackDocument(report), format), "steps.csv");
    return {
      ...feedbackEntries({ ...known, report, note }),
      report: files,
      files: [...common.files, ...feedbackArtifacts(report)],
      hasTables: false,
    };
  }
  if (identity.replay !== undefined) {
    const report = await buildStoredReplay(directory);
    const ending = { seconds: null, next: null, places: placesIn(identity.runId) };
    const state = runState(records, (await driverOf(directory)) !== null);
    const entries = replayEntries({ ...known, report, note: noteOf(replayScreen(report, ending)), state });
    return { ...entries, ...common, report: filesOf((format) => renderReplay(report, format)) };
  }
  const report = (await writtenReport(directory)) ?? (await buildReport(directory));
  const figures = (await figuresOf?.(run.directory, report)) ?? [];
  const entries = sweepEntries({ ...known, report, figures, note: noteOf(screenOf(report, run)) });
  const results = figures.map(({ cellId, file: { name, text } }) => {
    return [report.cells.length === 1 ? name : `${cellId}/${name}`, text] as const;
  });
  const files = { ...filesOf((format) => renderReport(report, format)), ...Object.fromEntries(results) };
  return { ...entries, ...common, report: files };
}

function filesOf(
  render: (format: ReportFormat) => string,
  csv = "cells.csv",
): Readonly<Record<string, string>> {
  return {
    "report.html": render("html"),
    "report.json": render("json"),
    "report.md": render("md"),
    [csv]: render("csv"),
  };
}

function screenOf(report: ReportModel, run: RunOutcomes): readonly Part[] {
  const ending = endingOf(run);
  const { capacity } = report;
  return capacity === undefined || capacity.arms.length === 0
    ? sweepScreen(report, ending)
    : capacityScreen(report, capacity, ending);
}

function endingOf(run: RunOutcomes): Ending {
  return {
    seconds: runSeconds(run.records),
    // Whoever reads the page there has another working directory: the run by its name.
    next: nextCommand({ ...run, directory: run.identity.runId }),
    places: placesIn(run.identity.runId),
  };
}
