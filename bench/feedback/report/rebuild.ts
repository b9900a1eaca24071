import { writeReport } from "../../report/rebuild.ts";
import { feedbackDocument } from "./feedback-document.ts";
import { buildFeedbackReport, type FeedbackReport } from "./feedback-report.ts";

/** Rebuilds `report/` of a run of the preference loop and returns the report. Throws as `buildFeedbackReport`, and StorageError. */
export async function rebuildFeedbackReport(directory: string): Promise<FeedbackReport> {
  const report = await buildFeedbackReport(directory);
  await writeFeedbackReport(directory, report);
  return report;
}

/** Throws StorageError. */
export function writeFeedbackReport(directory: string, report: FeedbackReport): Promise<void> {
  return writeReport(directory, feedbackDocument(report), "steps");
}
