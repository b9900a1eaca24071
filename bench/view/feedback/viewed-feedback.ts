import { join } from "node:path";
import { readFeedbackRun } from "../../feedback/files/read-feedback-run.ts";
import { verdictOf } from "../../feedback/report/feedback-document.ts";
import { feedbackReportOf, type FeedbackReport } from "../../feedback/report/feedback-report.ts";
import { nextCommand } from "../../store/next-command.ts";
import { exists, readRun } from "../../store/read-run.ts";
import { stepAddress } from "../addresses.ts";
import type { ListedFacts } from "../lists/runs-page.ts";
import type { ShownRun } from "./run-body.ts";
import type { FeedbackExtras } from "./run-page.ts";

export interface ViewedFeedback {
  readonly directory: string;
  readonly shown: ShownRun;
  readonly extras: FeedbackExtras;
}

/** A run of the preference loop as its page shows it. Throws RunUnreadableError for a damaged one. */
export async function viewFeedback(directory: string, version: string): Promise<ViewedFeedback> {
  const run = await readFeedbackRun(directory);
  return {
    directory,
    shown: {
      run,
      report: await feedbackReportOf(run),
      stepAddress: (preference, step) => stepAddress(run.name, preference, step),
    },
    extras: {
      version,
      hasPage: await exists(join(directory, "report", "report.html")),
      next: run.identity === null ? null : nextCommand(await readRun(directory)),
    },
  };
}

/** Its row in the list of runs. */
export function listedFeedback({ shown, extras }: ViewedFeedback): ListedFacts {
  const { run, report } = shown;
  const { preferences } = report;
  return {
    name: run.name,
    createdAt: report.createdAt ?? "",
    note: report.note,
    stack: report.harness === "claas" ? "CLaaS results" : "preference loop",
    simulated: report.simulated,
    counts: "steps",
    state: report.state ?? (isWhole(report) ? "complete" : "unfinished"),
    finished: preferences.reduce((sum, { steps }) => sum + steps.length, 0),
    planned: preferences.reduce((sum, { steps, planned }) => sum + (planned ?? steps.length), 0),
    failed: 0,
    verdict: verdictOfList(report),
    hasPage: extras.hasPage,
  };
}

function isWhole({ preferences }: FeedbackReport): boolean {
  return preferences.every(({ steps, planned }) => planned === null || steps.length >= planned);
}

/** How many of the preferences hold their thresholds; null where none were stated, or the run is not whole. */
function verdictOfList(report: FeedbackReport): ListedFacts["verdict"] {
  if (report.plan === null || !isWhole(report)) return null;
  const of = report.preferences.length;
  const { verdict, failing, unknown } = verdictOf(report);
  if (verdict === "thresholds not held") return { worst: "not held", cells: failing, of };
  return verdict === "cannot tell"
    ? { worst: verdict, cells: unknown, of }
    : { worst: "held", cells: of, of };
}
