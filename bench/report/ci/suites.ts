import { coverageSentence } from "../../analysis/estimates/coverage.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { JudgedThreshold, RunComparison } from "../../analysis/compare/compare-runs.ts";
import type { ReportModel } from "../model/report-model.ts";
import { seenText, thresholdText } from "../tables/comparison-document.ts";
import type { JUnitCase, JUnitSuite } from "./junit.ts";

/** A sweep or a collection: a case per cell, and one for the run where it did not come to its end. Pure. */
export function sweepSuite(
  report: ReportModel,
  end: { readonly usable: ReadonlySet<string>; readonly error: string | null },
): JUnitSuite {
  const { run, cells, totals } = report;
  const whole = end.error === null && run.state === "complete";
  const runProblem = {
    kind: "error",
    type: run.state,
    message: `the run is ${run.state}: ${totals.finished} of ${totals.planned} episodes are finished`,
    detail: end.error ?? "It can be gone on with: tollgate resume RUN",
  } as const;
  const runCase = {
    group: run.experiment,
    name: "the run",
    seconds: null,
    problem: whole ? null : runProblem,
  };
  return {
    name: run.experiment,
    properties: {
      run: run.runId,
      simulated: String(run.simulated),
      ...(report.coverage === undefined ? {} : { coverage: coverageSentence(report.coverage) }),
      agent: `${run.agent.name} ${run.agent.version}`,
      ...(run.gitRevision === null ? {} : { git: run.gitRevision }),
      host: run.host,
    },
    cases: [runCase, ...cells.map((cell) => cellCase(run.experiment, cell, end.usable))],
    output: null,
  };
}

function cellCase(experiment: string, cell: CellSummary, usable: ReadonlySet<string>): JUnitCase {
  const { verdict, reasons, episodes } = cell;
  const detail = [
    ...reasons.map((reason) => `${reason.verdict}: ${reason.detail}`),
    ...(episodes.failures ?? []).map(
      (group) => `${group.count} episodes failed: ${group.class}: ${group.message}`,
    ),
  ];
  return {
    group: experiment,
    name: cell.cellId,
    seconds: cell.seconds,
    problem: usable.has(verdict)
      ? null
      : { kind: "failure", type: verdict, message: detail[0] ?? verdict, detail: detail.join("\n") },
  };
}

/** A comparison: a case per limit, arm and load. Pure. @param unjudged limits that no arm and load of both runs has */
export function compareSuite(comparison: RunComparison, unjudged: readonly string[]): JUnitSuite {
  const { before, after, thresholds } = comparison;
  const none: JUnitCase = { group: "compare", name: "no limit was given", seconds: null, problem: null };
  const cases = [
    ...thresholds.map(thresholdCase),
    ...unjudged.map((text): JUnitCase => {
      const message = "no arm and load is in both runs";
      return {
        group: "compare",
        name: text,
        seconds: null,
        problem: { kind: "error", type: "cannot-tell", message, detail: message },
      };
    }),
  ];
  return {
    name: "tollgate compare",
    properties: {
      before: before.runId,
      after: after.runId,
      simulated: String(before.simulated || after.simulated),
    },
    cases: cases.length === 0 ? [none] : cases,
    output: null,
  };
}

function thresholdCase(one: JudgedThreshold): JUnitCase {
  const { expression, arm, load, status } = one;
  const message = `${expression} at ${arm} ${load}: ${thresholdText[status]}, seen ${seenText(one)}${one.coverage === undefined ? "" : `, coverage ${one.coverage}`}`;
  return {
    group: "compare",
    name: `${expression} at ${arm} ${load}`,
    seconds: null,
    problem: status === "kept" ? null : { kind: "failure", type: status, message, detail: message },
  };
}

/** What stands where there is no report: the command itself ended with an error. Pure. */
export function failedSuite(name: string, message: string): JUnitSuite {
  return {
    name,
    properties: {},
    cases: [
      {
        group: name,
        name: "the run",
        seconds: null,
        problem: { kind: "error", type: "failed", message: message.split("\n")[0] ?? "", detail: message },
      },
    ],
    output: null,
  };
}
