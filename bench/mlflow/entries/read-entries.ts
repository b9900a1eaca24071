import { serversOfRun } from "../../evidence/server-facts.ts";
import { buildReport } from "../../report/build-report.ts";
import {
  buildStoredReplay,
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
import { noteOf, placesIn } from "./note.ts";
import { replayEntries } from "./replay-entries.ts";
import { runTimes } from "./run-times.ts";
import { sweepEntries } from "./sweep-entries.ts";

/** A run for MLflow, and the texts that go with it. */
export interface ReadRun extends RunEntries {
  /** Files by name below `report/`. */
  readonly report: Readonly<Record<string, string>>;
}

/** What MLflow is to know of a run, from its directory, in which nothing is written. */
export async function readEntries(directory: string): Promise<ReadRun> {
  const run = await readOutcomes(directory);
  const { identity, records } = run;
  const known = {
    identity,
    times: runTimes(identity.createdAt, records),
    agentServer: (await serversOfRun(directory)).agent,
  };
  if (identity.replay !== undefined) {
    const report = await buildStoredReplay(directory);
    const ending = { seconds: null, next: null, places: placesIn(identity.runId) };
    const state = runState(records, (await driverOf(directory)) !== null);
    const entries = replayEntries({ ...known, report, note: noteOf(replayScreen(report, ending)), state });
    return { ...entries, report: filesOf((format) => renderReplay(report, format)) };
  }
  const report = (await writtenReport(directory)) ?? (await buildReport(directory));
  const entries = sweepEntries({ ...known, report, note: noteOf(screenOf(report, run)) });
  return { ...entries, report: filesOf((format) => renderReport(report, format)) };
}

function filesOf(render: (format: ReportFormat) => string): Readonly<Record<string, string>> {
  return {
    "report.html": render("html"),
    "report.json": render("json"),
    "report.md": render("md"),
    "cells.csv": render("csv"),
  };
}

function screenOf(report: ReportModel, run: RunOutcomes): readonly Part[] {
  const ending: Ending = {
    seconds: runSeconds(run.records),
    // Whoever reads the page there has another working directory: the run by its name.
    next: nextCommand({ ...run, directory: run.identity.runId }),
    places: placesIn(run.identity.runId),
  };
  const { capacity } = report;
  return capacity === undefined || capacity.arms.length === 0
    ? sweepScreen(report, ending)
    : capacityScreen(report, capacity, ending);
}
