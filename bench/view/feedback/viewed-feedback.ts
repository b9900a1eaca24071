import { join } from "node:path";
import { heldVerdict, isWhole } from "../../feedback/report/feedback-document.ts";
import { nextCommand } from "../../store/next-command.ts";
import { exists, readRun } from "../../store/read-run.ts";
import { stepAddress } from "../addresses.ts";
import type { ListedFacts } from "../lists/runs-page.ts";
import type { ShownFeedback } from "./run-body.ts";
import type { FeedbackExtras } from "./run-page.ts";
import type { ShownRuns } from "./shown-runs.ts";

export interface ViewedFeedback {
  readonly directory: string;
  readonly shown: ShownFeedback;
  readonly extras: FeedbackExtras;
}

/** A run of the preference loop as its page shows it. Throws RunUnreadableError for a damaged one. */
export async function viewFeedback(
  directory: string,
  { version, shownRuns }: { readonly version: string; readonly shownRuns: ShownRuns },
): Promise<ViewedFeedback> {
  const { run, report } = await shownRuns.of(directory);
  return {
    directory,
    shown: {
      run,
      report,
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
    stack: report.harness === "claas" ? "CLaaS results" : "feedback",
    simulated: report.simulated,
    counts: "steps",
    state: report.state ?? (isWhole(report) ? "complete" : "unfinished"),
    finished: preferences.reduce((sum, { steps }) => sum + steps.length, 0),
    planned: preferences.reduce((sum, { steps, planned }) => sum + (planned ?? steps.length), 0),
    failed: 0,
    verdict: heldVerdict(report),
    hasPage: extras.hasPage,
  };
}
