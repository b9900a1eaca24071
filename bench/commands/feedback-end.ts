import type { FeedbackReport } from "../feedback/report/feedback-report.ts";
import { feedbackScreen } from "../feedback/report/feedback-screen.ts";
import { endingOf, placesOf, screenText } from "./end-screen.ts";
import type { Host } from "./host.ts";

/** The last screen of a run of the preference loop. */
export async function feedbackEnd(host: Host, report: FeedbackReport, directory: string): Promise<string> {
  const ending =
    report.harness === "claas"
      ? { seconds: null, next: null, places: placesOf(host, directory) }
      : await endingOf(host, directory);
  return screenText(host, feedbackScreen(report, ending));
}
