import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import { coverageSentence } from "../../analysis/estimates/coverage.ts";
import type { ReportModel } from "../model/report-model.ts";
import { wayOf } from "../../store/place.ts";
import { simulatedText, versionTexts } from "../model/server-lines.ts";
import { cellColumns } from "./cell-metrics.ts";
import { absent, bytesText, numberText, percentText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

/** What came out: trajectories, their pace, and what the run weighs on disk. */
export const trajectories: TableOf<CellSummary> = {
  title: "Trajectories",
  columns: [
    ...cellColumns("cell"),
    right(
      "episodes measured",
      ({ rates }) => String(rates.episodesPerMinute.count),
      "those of used segments",
    ),
    ...cellColumns("trajectories_per_hour"),
  ],
};

export function trajectoryTable({ totals, cells }: ReportModel): Table {
  return filled(trajectories, cells, [
    `${totals.trajectories} trajectories of ${totals.finished} finished episodes (${totals.planned} planned)`,
    `on disk: ${bytesText(totals.diskBytes.all)} (trajectories ${bytesText(totals.diskBytes.trajectories)}, evidence ${bytesText(totals.diskBytes.evidence)})`,
    ...(totals.wastedAttempts === 0
      ? []
      : [`${totals.wastedAttempts} attempts without a result cost ${totals.wastedTokens} tokens`]),
  ]);
}

/** What was left out of a number, and why. */
const exclusions: TableOf<ReportModel["exclusions"][number]> = {
  title: "Exclusions",
  columns: [
    right("count", ({ count }) => String(count)),
    left("what", ({ what }) => what),
    left("reason", ({ reason }) => reason),
    left("cells", ({ cells }) => (cells.length === 0 ? absent : cells.join("\n"))),
  ],
};

export function exclusionTable(report: ReportModel): Table {
  const none = [{ count: 0, what: absent, reason: "nothing was left out", cells: [] }];
  return filled(exclusions, report.exclusions.length === 0 ? none : report.exclusions);
}

type Trial = ReportModel["trials"][number];

const trialColumns: TableOf<Trial>["columns"] = [
  right("Concurrency", ({ load }) => load.replace(/^closed:/, "")),
  right("Trial", ({ trial }) => String(trial)),
  right("Tasks", ({ tasks }) => String(tasks)),
  right("Pass", ({ passed }) => String(passed)),
  right("Fail", ({ failed }) => String(failed)),
  right("Error", ({ errors }) => String(errors)),
  right("Rate", ({ passed, failed }) =>
    passed + failed === 0 ? absent : percentText(passed / (passed + failed)),
  ),
  right("Dur(s)", ({ seconds }) => (seconds === null ? absent : seconds.toFixed(0))),
  right("tasks/min", ({ seconds, tasks }) =>
    seconds === null ? absent : numberText((tasks * 60) / seconds),
  ),
];

/** The table of the published comparison, with its columns: a row per concurrency and trial. */
export function seedTable(report: ReportModel, arm: string): Table {
  const rows = report.trials.filter((trial) => wayOf(trial) === arm);
  return filled({ title: `Sweep, arm ${arm}`, columns: trialColumns }, rows, [
    "Error: failed and unjudged episodes. Rate: Pass / (Pass + Fail).",
    "Trials of a cell share its load and overlap in time: Dur is from the first start to the last end of the trial.",
  ]);
}

/** One row per run fact, for the head of a report. */
export function headLines({ run, totals, cells, coverage }: ReportModel): readonly string[] {
  const { engines = {} } = run;
  const versions = versionTexts(run.versions, engines);
  const simulated = simulatedText(run.simulated, engines);
  const failed = cells.reduce((sum, { episodes }) => sum + (episodes.byStatus["failed"] ?? 0), 0);
  const episodes = `${totals.finished} of ${totals.planned} episodes${failed === 0 ? "" : `, ${failed} of them failed`}`;
  return [
    `${run.runId} (${run.state}, ${episodes})`,
    ...(simulated === null ? [] : [simulated]),
    ...(coverage === undefined ? [] : [coverageSentence(coverage)]),
    ...(run.note === "" ? [] : [run.note]),
    `agent ${run.agent.name} ${run.agent.version}; ${versions.join(", ")}${run.gitRevision === null ? "" : `; git ${run.gitRevision.slice(0, 12)}`}`,
    ...run.servers,
    run.host,
  ];
}
