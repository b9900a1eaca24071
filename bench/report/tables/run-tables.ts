import { absent, bytesText, numberText, percentText } from "./number-text.ts";
import type { ReportModel } from "../model/report-model.ts";
import { left, right, type Table } from "./table.ts";

/** What came out: trajectories, their pace, and what the run weighs on disk. */
export function trajectoryTable(report: ReportModel): Table {
  const { totals, cells } = report;
  return {
    title: "Trajectories",
    columns: [left("cell"), right("episodes measured"), right("trajectories/hour")],
    rows: cells.map(({ cellId, rates }) => [
      cellId,
      String(rates.episodesPerMinute.count),
      numberText(rates.trajectoriesPerHour.value),
    ]),
    notes: [
      `${totals.trajectories} trajectories of ${totals.finished} finished episodes (${totals.planned} planned)`,
      `on disk: ${bytesText(totals.diskBytes.all)} (trajectories ${bytesText(totals.diskBytes.trajectories)}, evidence ${bytesText(totals.diskBytes.evidence)})`,
      ...(totals.wastedAttempts === 0
        ? []
        : [`${totals.wastedAttempts} attempts without a result cost ${totals.wastedTokens} tokens`]),
    ],
  };
}

/** What was left out of a number, and why. */
export function exclusionTable(report: ReportModel): Table {
  return {
    title: "Exclusions",
    columns: [right("count"), left("what"), left("reason"), left("cells")],
    rows:
      report.exclusions.length === 0
        ? [["0", absent, "nothing was left out", absent]]
        : report.exclusions.map(({ what, count, reason, cells }) => [
            String(count),
            what,
            reason,
            cells.length === 0 ? absent : cells.join("\n"),
          ]),
    notes: [],
  };
}

/** The table of the seed's sweep script, with its columns: a row per concurrency and trial. */
export function seedTable(report: ReportModel, arm: string): Table {
  const rows = report.trials
    .filter((trial) => trial.arm === arm)
    .map(({ load, trial, tasks, passed, failed, errors, seconds }) => [
      load.replace(/^closed:/, ""),
      String(trial),
      String(tasks),
      String(passed),
      String(failed),
      String(errors),
      passed + failed === 0 ? absent : percentText(passed / (passed + failed)),
      seconds === null ? absent : seconds.toFixed(0),
      seconds === null ? absent : numberText((tasks * 60) / seconds),
    ]);
  return {
    title: `Sweep, arm ${arm}`,
    columns: [
      right("Concurrency"),
      right("Trial"),
      right("Tasks"),
      right("Pass"),
      right("Fail"),
      right("Error"),
      right("Rate"),
      right("Dur(s)"),
      right("tasks/min"),
    ],
    rows,
    notes: [
      "Error: failed and unjudged episodes. Rate: Pass / (Pass + Fail).",
      "Trials of a cell share its load and overlap in time: Dur is from the first start to the last end of the trial.",
    ],
  };
}

/** One row per run fact, for the head of a report. */
export function headLines({ run, totals }: ReportModel): readonly string[] {
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version ?? "unknown"}`);
  return [
    `${run.runId} (${run.state}, ${totals.finished} of ${totals.planned} episodes)`,
    ...(run.simulated ? ["SIMULATED ENGINES: times are those of a simulator, not of a GPU."] : []),
    ...(run.note === "" ? [] : [run.note]),
    `agent ${run.agent.name} ${run.agent.version}; ${versions.join(", ")}${run.gitRevision === null ? "" : `; git ${run.gitRevision.slice(0, 12)}`}`,
    ...run.servers,
    run.host,
  ];
}
